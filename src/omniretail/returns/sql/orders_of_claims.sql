-- The orders that the claims $1 are of, and those with the numbers $2. Neither ever changes.
select claim.order_id
from claim
where claim.id = any($1::uuid[])
union
select sales_order.id as order_id
from sales_order
where sales_order.number = any($2::text[]);
