-- Writes what is still promised of tenders, what was let go, and what is owed of them, of orders that
-- are locked.
update tender
set
    uncaptured_minor = change.uncaptured_minor,
    voided_minor = change.voided_minor,
    reference = change.reference,
    owed_minor = change.owed_minor
from
    unnest($1::uuid[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
        as change (order_id, number, uncaptured_minor, voided_minor, reference, owed_minor)
where
    tender.order_id = change.order_id
    and tender.number = change.number
    -- Bounds the read also where the plan was made while the table was still empty.
    and tender.order_id = any($1::uuid[]);
