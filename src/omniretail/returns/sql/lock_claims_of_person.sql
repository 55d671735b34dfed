-- Locks the claims of whom $1 names, and those of the orders $2, in the order of their ids; those that
-- nobody denied or resolved are open.
select
    claim.id,
    claim.number,
    claim.denied_at is null and claim.resolved_at is null as is_open
from claim
where claim.customer = any($1::text[]) or claim.order_id = any($2::uuid[])
order by claim.id
for update;
