-- Locks the orders of whom $1 names, and those for the e-mail addresses $2 that name nobody, in the order of
-- their ids; those of which units are still to leave, or money is still to be taken, are open.
select
    sales_order.id,
    sales_order.number,
    sales_order.cart_id,
    exists (
        select 1
        from order_line
        where
            order_line.order_id = sales_order.id
            and order_line.fulfilled_quantity + order_line.cancelled_quantity < order_line.quantity
    )
    or exists (
        select 1
        from tender
        where tender.order_id = sales_order.id and tender.uncaptured_minor > 0
    ) as is_open
from sales_order
where
    sales_order.customer = any($1::text[])
    or (sales_order.customer is null and sales_order.email = any($2::text[]))
order by sales_order.id
for update of sales_order;
