-- Writes movements.
insert into stock_movement (
    id, recorded_at, occurred_at, type, sku, location, from_state, to_state, quantity, reason,
    document_type, document_id, actor_id, channel, idempotency_key
)
select
    fresh.id,
    $15::timestamptz,
    fresh.occurred_at,
    fresh.type,
    fresh.sku,
    fresh.location,
    fresh.from_state,
    fresh.to_state,
    fresh.quantity,
    fresh.reason,
    fresh.document_type,
    fresh.document_id,
    fresh.actor_id,
    fresh.channel,
    fresh.idempotency_key
from unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::integer[], $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::text[], $14::text[]
) as fresh (
    id, occurred_at, type, sku, location, from_state, to_state, quantity, reason,
    document_type, document_id, actor_id, channel, idempotency_key
);
