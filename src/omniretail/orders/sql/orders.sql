-- The orders $1.
select
    sales_order.id,
    sales_order.number,
    sales_order.channel,
    sales_order.location,
    sales_order.currency,
    sales_order.total_minor,
    sales_order.book_version,
    sales_order.placed_by,
    sales_order.placed_at,
    sales_order.version,
    sales_order.customer,
    sales_order.customer_groups,
    sales_order.region,
    sales_order.quote_id,
    sales_order.coupons,
    sales_order.rounding,
    sales_order.tax_per,
    sales_order.shipping,
    sales_order.exchanged_minor,
    sales_order.ship_to,
    sales_order.email,
    sales_order.cart_id,
    sales_order.shipping_kept
from sales_order
where sales_order.id = any($1::uuid[]);
