-- Locks the uses and claims of coupons of whom $1 names, in the order of their ids; with whom each names.
select
    usage.id,
    usage.customer
from usage
where usage.customer = any($1::text[])
order by usage.id
for update;
