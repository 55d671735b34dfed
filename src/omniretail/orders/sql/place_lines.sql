-- Writes the lines of new orders.
insert into order_line (
    order_id, line_number, fulfillment_number, sku, quantity, fulfilled_quantity,
    cancelled_quantity, list_price_minor, unit_price_minor, price_reason, total_minor
)
select
    fresh.order_id,
    fresh.line_number,
    fresh.fulfillment_number,
    fresh.sku,
    fresh.quantity,
    fresh.fulfilled_quantity,
    0,
    fresh.list_price_minor,
    fresh.unit_price_minor,
    fresh.price_reason,
    fresh.total_minor
from unnest(
    $1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::integer[], $6::integer[],
    $7::bigint[], $8::bigint[], $9::text[], $10::bigint[]
) as fresh (
    order_id, line_number, fulfillment_number, sku, quantity, fulfilled_quantity,
    list_price_minor, unit_price_minor, price_reason, total_minor
);
