-- Writes the operations $1 that providers shall do about the payments $2, due at once, at $7.
insert into payment_operation (
    id, payment_id, order_id, tender_number, kind, amount_minor, state, attempts, due_at, created_at
)
select
    fresh.id,
    fresh.payment_id,
    fresh.order_id,
    fresh.tender_number,
    fresh.kind,
    fresh.amount_minor,
    'due' as state,
    0 as attempts,
    $7::timestamptz as due_at,
    $7::timestamptz as created_at
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::bigint[])
    as fresh (id, payment_id, order_id, tender_number, kind, amount_minor);
