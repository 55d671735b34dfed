-- Writes the tenders of new orders.
insert into tender (order_id, number, type, amount_minor, reference)
select
    fresh.order_id,
    fresh.number,
    fresh.type,
    fresh.amount_minor,
    fresh.reference
from unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::text[])
    as fresh (order_id, number, type, amount_minor, reference);
