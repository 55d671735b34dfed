-- Locks the claims of whom $1 names, in the order of their ids; with what each says.
select
    claim.id,
    claim.customer
from claim
where claim.customer = any($1::text[])
order by claim.id
for update;
