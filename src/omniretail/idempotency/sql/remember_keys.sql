-- Writes keys with their answers, once. Race: another transaction may have used one of them since
-- our look-up; the primary key then refuses, and the whole transaction runs again and finds it.
insert into idempotency_key (principal_id, key, request_hash, answer, recorded_at)
select
    fresh.principal_id,
    fresh.key,
    fresh.request_hash,
    fresh.answer,
    $5::timestamptz
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[])
    as fresh (principal_id, key, request_hash, answer);
