-- Locks the returns $1 in the order of their ids; their orders are locked already, or there are none.
select sales_return.id
from sales_return
where sales_return.id = any($1::uuid[])
order by sales_return.id
for update;
