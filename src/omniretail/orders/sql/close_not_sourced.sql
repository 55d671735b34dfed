-- Closes at $4, by $3, the exceptions of the orders $1, which are locked, whose fulfillments $2 were sourced
-- after all. Race: staff may close one at this moment; who comes second finds it closed.
update order_exception
set
    closed_at = $4::timestamptz,
    closed_by = sourced.actor_id,
    note = 'sourced'
from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as sourced (order_id, fulfillment_id, actor_id)
where
    order_exception.order_id = sourced.order_id
    and order_exception.fulfillment_id = sourced.fulfillment_id
    and order_exception.kind = 'not_sourced'
    and order_exception.closed_at is null
    -- Bounds the read also where the plan was made while the table was still empty.
    and order_exception.order_id = any($1::uuid[]);
