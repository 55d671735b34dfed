-- Two lines for each sketched order from $1 to $2 - 1, at $3 minor units, both handed over.
insert into order_line (
    order_id, line_number, fulfillment_number, sku, quantity, fulfilled_quantity, cancelled_quantity,
    list_price_minor, unit_price_minor, price_reason, total_minor
)
select
    (sketch.stamp || '70008' || lpad(to_hex(sketch.number), 15, '0'))::uuid as order_id,
    line.number as line_number,
    1 as fulfillment_number,
    line.sku,
    1 as quantity,
    1 as fulfilled_quantity,
    0 as cancelled_quantity,
    $3::bigint as list_price_minor,
    $3::bigint as unit_price_minor,
    null as price_reason,
    $3::bigint as total_minor
from year_order as sketch
cross join lateral (values (1, sketch.first), (2, sketch.second)) as line (number, sku)
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
