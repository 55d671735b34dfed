-- Which lots paid the orders $1.
select loyalty_spending.*
from loyalty_spending
where loyalty_spending.order_id = any($1::uuid[]);
