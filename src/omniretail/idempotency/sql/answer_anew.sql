-- Has the keys ($1 principals, $2 keys) answer $3.
update idempotency_key
set answer = said.answer
from unnest($1::uuid[], $2::text[], $3::text[]) as said (principal_id, key, answer)
where
    idempotency_key.principal_id = said.principal_id
    and idempotency_key.key = said.key
    -- Bounds the read also where the plan was made while the table was still empty.
    and idempotency_key.key = any($2::text[]);
