-- The fulfillments of the orders $1.
select
    fulfillment.order_id,
    fulfillment.id,
    fulfillment.number,
    fulfillment.kind,
    fulfillment.location,
    fulfillment.state,
    fulfillment.source,
    fulfillment.destination,
    fulfillment.attempt,
    fulfillment.holds,
    fulfillment.pickup,
    fulfillment.collect_by,
    fulfillment.remind_at
from fulfillment
where fulfillment.order_id = any($1::uuid[])
order by fulfillment.order_id, fulfillment.number;
