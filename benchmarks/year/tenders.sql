-- The tender of each sketched order from $1 to $2 - 1, of two units at $3 minor units.
insert into tender (order_id, number, type, amount_minor, reference)
select
    (sketch.stamp || '70008' || lpad(to_hex(sketch.number), 15, '0'))::uuid as order_id,
    1 as number,
    'card' as type,
    2 * $3::bigint as amount_minor,
    'year' as reference
from year_order as sketch
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
