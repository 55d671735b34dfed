-- The fulfillments of the orders $1.
select
    fulfillment.order_id,
    fulfillment.id,
    fulfillment.number,
    fulfillment.kind,
    fulfillment.location
from fulfillment
where fulfillment.order_id = any($1::uuid[])
order by fulfillment.order_id, fulfillment.number;
