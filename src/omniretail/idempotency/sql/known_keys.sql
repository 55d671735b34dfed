-- The keys among ($1 principals, $2 keys) that were used before, with their answers. The `limit` has
-- each looked up by itself, also by a plan that was made while the table was still empty.
select
    used.principal_id,
    used.key,
    encode(used.request_hash, 'hex') as request_hash,
    used.answer
from unnest($1::uuid[], $2::text[]) as wanted (principal_id, key)
cross join lateral (
    select
        idempotency_key.principal_id,
        idempotency_key.key,
        idempotency_key.request_hash,
        idempotency_key.answer
    from idempotency_key
    where
        idempotency_key.principal_id = wanted.principal_id
        and idempotency_key.key = wanted.key
    limit 1
) as used;
