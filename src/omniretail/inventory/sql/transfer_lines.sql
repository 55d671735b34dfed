-- The lines of the transfers $1.
select
    line.transfer_id,
    line.number,
    line.sku,
    line.quantity,
    line.shipped,
    line.received,
    line.returned,
    line.found,
    line.lost,
    line.unit_cost::text as unit_cost,
    line.cost_currency
from transfer_line as line
where line.transfer_id = any($1::uuid[])
order by line.transfer_id, line.number;
