-- Keys under which more than one order was placed.
select
    sales_order.placed_by,
    sales_order.idempotency_key,
    count(*) as orders
from sales_order
group by sales_order.placed_by, sales_order.idempotency_key
having count(*) > 1
order by sales_order.placed_by, sales_order.idempotency_key;
