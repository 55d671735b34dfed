-- The keys, of principal $3 and with answer $4, of the sketched orders from $1 to $2 - 1 that were
-- placed after $5: older keys have been forgotten.
insert into idempotency_key (principal_id, key, request_hash, answer, recorded_at)
select
    $3::uuid as principal_id,
    'place-' || lpad(sketch.number::text, 17, '0') as key,
    '\x00112233445566778899aabbccddeeff' as request_hash,
    $4::text as answer,
    sketch.placed_at as recorded_at
from year_order as sketch
where
    sketch.number >= $1::bigint and sketch.number < $2::bigint
    and sketch.placed_at > $5::timestamptz;
