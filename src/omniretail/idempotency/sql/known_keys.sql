-- The keys among ($1 principals, $2 keys) that were used before, with their answers.
select
    used.principal_id,
    used.key,
    encode(used.request_hash, 'hex') as request_hash,
    used.answer
from unnest($1::uuid[], $2::text[]) as wanted (principal_id, key)
inner join idempotency_key as used
    on wanted.principal_id = used.principal_id and wanted.key = used.key;
