-- The fulfillment of each sketched order from $1 to $2 - 1.
insert into fulfillment (id, order_id, number, kind, location, state)
select
    (sketch.stamp || '70018' || lpad(to_hex(sketch.number), 15, '0'))::uuid as id,
    (sketch.stamp || '70008' || lpad(to_hex(sketch.number), 15, '0'))::uuid as order_id,
    1 as number,
    'pickup' as kind,
    sketch.location,
    'handed_over' as state
from year_order as sketch
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
