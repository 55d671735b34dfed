-- The order with id $1 or number $2.
select sales_order.id
from sales_order
where sales_order.id = $1::uuid or sales_order.number = $2::text;
