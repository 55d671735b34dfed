-- Locks the claims $1 in the order of their ids; their orders are locked already.
select claim.id
from claim
where claim.id = any($1::uuid[])
order by claim.id
for update;
