-- Locks the orders of whom $1 names, in the order of their ids; with what each says.
select
    sales_order.id,
    sales_order.customer
from sales_order
where sales_order.customer = any($1::text[])
order by sales_order.id
for update;
