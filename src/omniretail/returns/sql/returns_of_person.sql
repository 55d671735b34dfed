-- The returns and claims of whom $1 names, and those of the orders $2, the oldest first.
select
    'return' as type,
    sales_return.id,
    sales_return.requested_at as at
from sales_return
where sales_return.customer = any($1::text[]) or sales_return.order_id = any($2::uuid[])
union all
select
    'claim' as type,
    claim.id,
    claim.opened_at as at
from claim
where claim.customer = any($1::text[]) or claim.order_id = any($2::uuid[])
order by 2;
