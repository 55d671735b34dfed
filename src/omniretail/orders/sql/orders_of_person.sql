-- The orders of whom $1 names, and those for the e-mail addresses $2 that name nobody, the oldest first.
select sales_order.id
from sales_order
where
    sales_order.customer = any($1::text[])
    or (sales_order.customer is null and sales_order.email = any($2::text[]))
order by sales_order.id;
