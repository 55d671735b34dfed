-- Locks the orders $1, and those of the fulfillments $2, in the order of their ids.
select sales_order.id
from sales_order
where
    sales_order.id = any(
        $1::uuid[] || array(
            select fulfillment.order_id from fulfillment
            where fulfillment.id = any($2::uuid[])
        )
    )
order by sales_order.id
for update;
