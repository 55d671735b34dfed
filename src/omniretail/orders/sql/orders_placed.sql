-- Orders that whom $1 names placed before the moment $2, or at it with an identity before $3, the latest
-- first, at most $4.
select
    found.id,
    found.placed_at
from unnest($1::text[]) as named (customer)
cross join
    lateral (
        select
            sales_order.id,
            sales_order.placed_at
        from sales_order
        where
            sales_order.customer = named.customer
            and (
                $2::timestamptz is null
                or (sales_order.placed_at, sales_order.id) < ($2::timestamptz, $3::uuid)
            )
        order by sales_order.placed_at desc, sales_order.id desc
        limit $4::integer
    ) as found
order by found.placed_at desc, found.id desc
limit $4::integer;
