-- What the orders $1 earned and spent.
select loyalty_order.*
from loyalty_order
where loyalty_order.order_id = any($1::uuid[]);
