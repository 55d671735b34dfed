-- Writes the payments of the JSON array $1, whose providers are asked next. Race: the same request may
-- have begun its payment since our look-up; the unique key then refuses, and the whole transaction runs
-- again and finds it.
insert into payment (
    id,
    channel,
    principal_id,
    cart_id,
    type,
    amount_minor,
    currency,
    method,
    state,
    provider,
    created_at,
    expires_at,
    leased_until,
    attempts,
    idempotency_key,
    request_hash
)
select
    fresh.id,
    fresh.channel,
    fresh.principal_id,
    fresh.cart_id,
    fresh.type,
    fresh.amount_minor,
    fresh.currency,
    fresh.method,
    fresh.state,
    fresh.provider,
    fresh.created_at,
    fresh.expires_at,
    fresh.leased_until,
    0 as attempts,
    fresh.idempotency_key,
    decode(fresh.request_hash, 'hex') as request_hash
from json_to_recordset($1::json) as fresh (
    id uuid,
    channel text,
    principal_id uuid,
    cart_id uuid,
    type text,
    amount_minor bigint,
    currency text,
    method text,
    state text,
    provider text,
    created_at timestamptz,
    expires_at timestamptz,
    leased_until timestamptz,
    idempotency_key text,
    request_hash text
);
