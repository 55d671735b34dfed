-- Returns and claims of whom $1 names, asked for before the moment $2, or at it with an identity before $3,
-- the latest first, at most $4.
select
    found.type,
    found.id,
    found.at
from unnest($1::text[]) as named (customer)
cross join
    lateral (
        (
            select
                'return' as type,
                sales_return.id,
                sales_return.requested_at as at
            from sales_return
            where
                sales_return.customer = named.customer
                and (
                    $2::timestamptz is null
                    or (sales_return.requested_at, sales_return.id) < ($2::timestamptz, $3::uuid)
                )
            order by sales_return.requested_at desc, sales_return.id desc
            limit $4::integer
        )
        union all
        (
            select
                'claim' as type,
                claim.id,
                claim.opened_at as at
            from claim
            where
                claim.customer = named.customer
                and (
                    $2::timestamptz is null
                    or (claim.opened_at, claim.id) < ($2::timestamptz, $3::uuid)
                )
            order by claim.opened_at desc, claim.id desc
            limit $4::integer
        )
    ) as found
order by found.at desc, found.id desc
limit $4::integer;
