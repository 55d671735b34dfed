-- The orders that the returns $1 are of, and those with the numbers $2. Neither ever changes.
select sales_return.order_id
from sales_return
where sales_return.id = any($1::uuid[]) and sales_return.order_id is not null
union
select sales_order.id as order_id
from sales_order
where sales_order.number = any($2::text[]);
