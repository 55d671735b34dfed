-- The lots of the locked accounts $1 that may matter at $5: those of which $2 points are spent next, and what
-- the orders $3 have earned is taken back; those that these orders earned or spent; those that open holds
-- promise; and those $4. What expires is asked for by `coalesce`: by an `or`, the lots of everybody would be
-- read that have no expiry yet. `limit` and `offset` have each order, and the promises of each hold, looked
-- up by themselves.
with earnings as materialized (
    select
        theirs.account_id,
        theirs.points,
        earner.merged_into is not null as is_merged
    from unnest($3::uuid[]) as known (id)
    cross join
        lateral (
            select
                loyalty_order.account_id,
                loyalty_order.earned_points - loyalty_order.reversed_points as points
            from loyalty_order
            where loyalty_order.order_id = known.id
            limit 1
        ) as theirs
    cross join
        lateral (
            select loyalty_account.merged_into
            from loyalty_account
            where loyalty_account.id = theirs.account_id
            limit 1
        ) as earner
),

asked as (
    select
        wanted.account_id,
        wanted.points + earned.points as points,
        earned.points as earned_points
    from unnest($1::uuid[], $2::bigint[]) as wanted (account_id, points)
    cross join
        lateral (
            select coalesce(sum(earnings.points), 0)::bigint as points
            from earnings
            where earnings.account_id = wanted.account_id or earnings.is_merged
        ) as earned
)

select
    lot.id,
    lot.account_id,
    lot.kind,
    lot.order_id,
    lot.origin_id,
    lot.gift_id,
    lot.quantity,
    lot.remaining,
    lot.held,
    lot.expired,
    lot.absorbed,
    lot.earned_at,
    lot.available_at,
    lot.expires_at,
    lot.in_review
from
    (
        select next.id
        from asked
        cross join
            lateral (
                select
                    free.id,
                    sum(free.points) over (order by free.expires_at, free.earned_at, free.id)
                    - free.points as earlier
                from (
                    select
                        one.id,
                        one.expires_at,
                        one.earned_at,
                        one.remaining - one.held as points
                    from loyalty_lot as one
                    where
                        one.account_id = asked.account_id
                        and one.remaining > 0
                        and one.remaining > one.held
                        and not one.in_review
                        and one.available_at <= $5::timestamptz
                        and coalesce(one.expires_at > $5::timestamptz, true)
                    order by one.expires_at, one.earned_at, one.id
                    limit asked.points
                ) as free
            ) as next
        where next.earlier < asked.points
        union
        select next.id
        from asked
        cross join
            lateral (
                select one.id
                from loyalty_lot as one
                where
                    one.account_id = asked.account_id
                    and one.remaining > 0
                    and (one.in_review or one.available_at is null or one.available_at > $5::timestamptz)
                    and coalesce(one.expires_at > $5::timestamptz, true)
                order by one.expires_at, one.earned_at, one.id
                limit asked.earned_points
            ) as next
        union
        select promise.lot_id as id
        from loyalty_hold as hold
        cross join
            lateral (
                select loyalty_hold_lot.lot_id
                from loyalty_hold_lot
                where loyalty_hold_lot.hold_id = hold.id
                offset 0
            ) as promise
        where hold.account_id = any($1::uuid[]) and hold.state = 'held'
        union
        select own.id
        from unnest($3::uuid[]) as known (id)
        cross join
            lateral (
                select loyalty_lot.id
                from loyalty_lot
                where loyalty_lot.order_id = known.id
                offset 0
            ) as own
        union
        select spending.lot_id as id
        from loyalty_spending as spending
        where spending.order_id = any($3::uuid[])
        union
        select named.id
        from unnest($4::uuid[]) as named (id)
    ) as wanted
cross join
    lateral (
        select loyalty_lot.*
        from loyalty_lot
        where loyalty_lot.id = wanted.id
        limit 1
    ) as lot;
