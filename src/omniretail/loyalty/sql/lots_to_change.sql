-- The lots of the locked accounts $1 that may matter at $6: those of which $2 points are spent next, those of
-- which $3 points are taken back though they may be pending, those that open holds promise, those $5, and
-- those that the orders $4 earned or spent.
select lot.*
from loyalty_lot as lot
where
    lot.id in (
        select next.id
        from unnest($1::uuid[], $2::bigint[]) as wanted (account_id, points)
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
                        one.account_id = wanted.account_id
                        and one.remaining > 0
                        and one.remaining > one.held
                        and not one.in_review
                        and one.available_at <= $6::timestamptz
                        and (one.expires_at is null or one.expires_at > $6::timestamptz)
                    order by one.expires_at, one.earned_at, one.id
                    limit wanted.points
                ) as free
            ) as next
        where next.earlier < wanted.points
        union
        select next.id
        from unnest($1::uuid[], $3::bigint[]) as wanted (account_id, points)
        cross join
            lateral (
                select one.id
                from loyalty_lot as one
                where
                    one.account_id = wanted.account_id
                    and one.remaining > 0
                    and (one.in_review or one.available_at is null or one.available_at > $6::timestamptz)
                    and (one.expires_at is null or one.expires_at > $6::timestamptz)
                order by one.expires_at, one.earned_at, one.id
                limit wanted.points
            ) as next
        union
        select promise.lot_id as id
        from loyalty_hold as hold
        inner join loyalty_hold_lot as promise on hold.id = promise.hold_id
        where hold.account_id = any($1::uuid[]) and hold.state = 'held'
        union
        select own.id
        from loyalty_lot as own
        where own.order_id = any($4::uuid[])
        union
        select spending.lot_id as id
        from loyalty_spending as spending
        where spending.order_id = any($4::uuid[])
        union
        select named.id
        from unnest($5::uuid[]) as named (id)
    );
