-- Locks the returns of whom $1 names, in the order of their ids; with what each says.
select
    sales_return.id,
    sales_return.customer
from sales_return
where sales_return.customer = any($1::text[])
order by sales_return.id
for update;
