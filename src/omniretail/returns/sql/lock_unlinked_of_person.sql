-- Locks the counters of whom $1 names, who brought goods back without a receipt, in the order of their codes.
select
    counted.customer,
    counted.first_at
from unlinked_customer as counted
where counted.customer = any($1::text[])
order by counted.customer
for update;
