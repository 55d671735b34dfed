-- Writes what was taken of authorizations, and what was let go of them.
insert into capture (
    order_id, tender_number, event_sequence, captured_minor, voided_minor, recorded_at
)
select
    fresh.order_id,
    fresh.tender_number,
    fresh.event_sequence,
    fresh.captured_minor,
    fresh.voided_minor,
    $6::timestamptz
from unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[])
    as fresh (order_id, tender_number, event_sequence, captured_minor, voided_minor);
