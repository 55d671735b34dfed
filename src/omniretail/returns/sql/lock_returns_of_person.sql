-- Locks the returns of whom $1 names, and those of the orders $2, in the order of their ids; those whose
-- goods or money are still awaited are open.
select
    sales_return.id,
    sales_return.number,
    exists(
        select 1
        from return_line as line
        where
            line.return_id = sales_return.id
            and least(line.received_quantity, line.refunded_quantity) + line.cancelled_quantity
            < line.quantity
    ) as is_open
from sales_return
where sales_return.customer = any($1::text[]) or sales_return.order_id = any($2::uuid[])
order by sales_return.id
for update of sales_return;
