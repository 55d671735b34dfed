-- Writes what was given back of tenders: to themselves, or by another method.
insert into refund (
    order_id, tender_number, event_sequence, amount_minor, rounding_minor, method, recorded_at
)
select
    fresh.order_id,
    fresh.tender_number,
    fresh.event_sequence,
    fresh.amount_minor,
    fresh.rounding_minor,
    fresh.method,
    $7::timestamptz
from unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[])
    as fresh (order_id, tender_number, event_sequence, amount_minor, rounding_minor, method);
