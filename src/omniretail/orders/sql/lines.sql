-- The lines of the orders $1.
select
    order_line.order_id,
    order_line.fulfillment_number,
    order_line.line_number as number,
    order_line.sku,
    order_line.quantity,
    order_line.fulfilled_quantity,
    order_line.cancelled_quantity,
    order_line.list_price_minor,
    order_line.unit_price_minor,
    order_line.price_reason,
    order_line.total_minor,
    order_line.components,
    order_line.promised_at,
    order_line.price_list,
    order_line.discounts,
    order_line.tax_class,
    order_line.tax_included,
    order_line.tax_rate_ppm,
    order_line.tax_minor,
    order_line.adjusted_total_minor,
    order_line.adjusted_tax_minor,
    order_line.part_of,
    order_line.returned_quantity,
    order_line.received_quantity,
    order_line.refunded_quantity
from order_line
where order_line.order_id = any($1::uuid[])
order by order_line.order_id, order_line.line_number;
