-- Writes new orders.
insert into sales_order (
    id, number, channel, location, currency, total_minor, book_version, placed_by, placed_at,
    idempotency_key, recorded_at, version
)
select
    fresh.id,
    fresh.number,
    fresh.channel,
    fresh.location,
    fresh.currency,
    fresh.total_minor,
    fresh.book_version,
    fresh.placed_by,
    fresh.placed_at,
    fresh.idempotency_key,
    $11::timestamptz,
    1
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::uuid[], $9::timestamptz[], $10::text[]
) as fresh (
    id, number, channel, location, currency, total_minor, book_version, placed_by, placed_at,
    idempotency_key
);
