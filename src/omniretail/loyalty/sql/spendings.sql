-- Which lots paid the orders $1.
select
    loyalty_spending.order_id,
    loyalty_spending.tender_number,
    loyalty_spending.position,
    loyalty_spending.lot_id,
    loyalty_spending.points,
    loyalty_spending.restored
from loyalty_spending
where loyalty_spending.order_id = any($1::uuid[]);
