-- What the orders $1 earned and spent.
select
    loyalty_order.order_id,
    loyalty_order.account_id,
    loyalty_order.parts,
    loyalty_order.earned_points,
    loyalty_order.reversed_points,
    loyalty_order.forgiven_points,
    loyalty_order.qualifying_points,
    loyalty_order.spent_points,
    loyalty_order.restored_points,
    loyalty_order.day
from loyalty_order
where loyalty_order.order_id = any($1::uuid[]);
