-- Writes the movements of the JSON array $1, recorded at $2.
insert into stock_movement (
    id, recorded_at, occurred_at, type, sku, location, from_state, to_state, quantity, reason,
    document_type, document_id, actor_id, channel, idempotency_key, kit, lot, serials, corrects,
    shortage_id
)
select
    fresh.id,
    $2::timestamptz,
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
    fresh.idempotency_key,
    fresh.kit,
    fresh.lot,
    fresh.serials,
    fresh.corrects,
    fresh.shortage_id
from json_to_recordset($1::json) as fresh (
    id uuid,
    occurred_at timestamptz,
    type text,
    sku text,
    location text,
    from_state text,
    to_state text,
    quantity integer,
    reason text,
    document_type text,
    document_id uuid,
    actor_id uuid,
    channel text,
    idempotency_key text,
    kit text,
    lot text,
    serials text[],
    corrects uuid,
    shortage_id uuid
);
