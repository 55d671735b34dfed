-- The sketched orders from $1 to $2 - 1, placed by principal $3 for $4 minor units a unit. Numbers
-- scatter: a product with an odd factor meets none twice. Of two in five nobody knows who bought them, as
-- many are of those who come now and then, and one in five is of a thousand who always come.
insert into sales_order (
    id, number, channel, location, currency, total_minor, book_version, placed_by, placed_at,
    recorded_at, idempotency_key, version, customer, email
)
select
    (sketch.stamp || '70008' || lpad(to_hex(sketch.number), 15, '0'))::uuid as id,
    to_char(sketch.placed_at, 'YYMMDD') || '-'
    || upper(lpad(to_hex(sketch.number * 2654435761 % 4294967296), 8, '0')) as number,
    'web' as channel,
    null as location,
    'EUR' as currency,
    2 * $4::bigint as total_minor,
    1 as book_version,
    $3::uuid as placed_by,
    sketch.placed_at,
    sketch.placed_at as recorded_at,
    'place-' || lpad(sketch.number::text, 17, '0') as idempotency_key,
    2 as version,
    buyer.name as customer,
    buyer.name || '@example.com' as email
from year_order as sketch
cross join
    lateral (
        select
            case
                when sketch.number % 5 = 0 then 'regular-' || lpad((sketch.number / 5 % 1000)::text, 4, '0')
                when sketch.number % 5 < 3 then 'guest-' || sketch.number / 5 % 100000
            end as name
    ) as buyer
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
