-- The orders that the returns $1 are of, and those with the numbers $2. Neither ever changes.
select one.order_id
from unnest($1::uuid[]) as wanted (id)
cross join
    lateral (
        select sales_return.order_id
        from sales_return
        where sales_return.id = wanted.id
        limit 1
    ) as one
where one.order_id is not null
union
select one.order_id
from unnest($2::text[]) as wanted (number)
cross join
    lateral (
        select sales_order.id as order_id
        from sales_order
        where sales_order.number = wanted.number
        limit 1
    ) as one;
