-- The keys among ($1 principals, $2 keys) that were used before, with their answers.
select
    used.principal_id,
    used.key,
    encode(used.request_hash, 'hex') as request_hash,
    used.answer
from unnest($1::uuid[], $2::text[]) as wanted (principal_id, key)
inner join idempotency_key as used
    on wanted.principal_id = used.principal_id and wanted.key = used.key
-- Bounds the read also where the plan was made while the table was still empty.
where used.principal_id = any($1::uuid[]) and used.key = any($2::text[]);
