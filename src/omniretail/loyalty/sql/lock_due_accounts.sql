-- Locks up to $2 accounts whose sums count no longer at $1 or, where $3 says so, whose tier has ended. Those
-- that somebody has locked are left for the next time. Race: a checkout has one of them; it writes the sums
-- by itself.
select taken.id
from (
    select found.id
    from (
        (
            select unsteady.id
            from loyalty_account as unsteady
            where unsteady.steady_until <= $1::timestamptz
            order by unsteady.steady_until
            limit $2::integer
        )
        union
        (
            select risen.id
            from loyalty_account as risen
            where $3::boolean and risen.tier_until <= $1::timestamptz and risen.status = 'open'
            order by risen.tier_until
            limit $2::integer
        )
    ) as found
    order by found.id
    limit $2::integer
) as due
cross join
    lateral (
        select loyalty_account.id
        from loyalty_account
        where loyalty_account.id = due.id
        limit 1
        for update skip locked
    ) as taken;
