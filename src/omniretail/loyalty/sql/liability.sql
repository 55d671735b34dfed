-- What changed in the points of all accounts since the first of the moments $2, at which days begin (at the
-- last one the last day ends), and what they are at $1: `day` counts the days from 1, what is later being of
-- the day after the last. A row of type `now` says what stands in lots, and what is owed; one of type
-- `waiting` what remains of lots that became active on `active_day` (of those that have not: after all).
-- Other rows are of entries, of lots that became active on `active_day`, where that is not before the first
-- day. What has expired and is not booked yet counts as it will be booked: when its lot ended.
with gone as materialized (
    select
        lot.id as lot_id,
        lot.expires_at,
        lot.remaining - kept.points as points
    from loyalty_lot as lot
    cross join
        lateral (
            select coalesce(sum(promise.points), 0)::bigint as points
            from loyalty_hold_lot as promise
            inner join loyalty_hold as hold on promise.hold_id = hold.id
            where
                lot.held > 0
                and promise.lot_id = lot.id
                and hold.state = 'held'
                and hold.expires_at > $1::timestamptz
        ) as kept
    where lot.remaining > 0 and lot.remaining > kept.points and lot.expires_at <= $1::timestamptz
),

change as (
    select
        entry.type,
        entry.points,
        entry.lot_id,
        entry.lot_change,
        entry.debt_change,
        entry.occurred_at
    from loyalty_entry as entry
    where entry.occurred_at >= ($2::timestamptz[])[1]
    union all
    select
        'expired' as type,
        gone.points,
        gone.lot_id,
        -gone.points as lot_change,
        0 as debt_change,
        gone.expires_at as occurred_at
    from gone
    where gone.expires_at >= ($2::timestamptz[])[1]
),

turning as (
    select
        lot.id,
        lot.remaining,
        case
            when lot.in_review or lot.available_at is null then 'infinity'
            when greatest(lot.available_at, review.closed_at) > $1::timestamptz then 'infinity'
            else greatest(lot.available_at, review.closed_at)
        end as active_at
    from loyalty_lot as lot
    left join loyalty_review as review on lot.id = review.lot_id
),

waiting as materialized (
    select
        turning.id,
        turning.remaining - coalesce(gone.points, 0) as remaining,
        width_bucket(turning.active_at, $2::timestamptz[]) as active_day
    from turning
    left join gone on turning.id = gone.lot_id
    where turning.active_at >= ($2::timestamptz[])[1]
),

dated as (
    select
        change.type,
        change.points,
        change.lot_change,
        change.debt_change,
        waiting.active_day,
        width_bucket(change.occurred_at, $2::timestamptz[]) as day
    from change
    left join waiting on change.lot_id = waiting.id
)

select
    dated.type,
    dated.day,
    dated.active_day,
    sum(dated.points) as points,
    sum(dated.lot_change) as lot_change,
    sum(dated.debt_change) as debt_change
from dated
group by dated.type, dated.day, dated.active_day
union all
select
    'waiting' as type,
    null as day,
    waiting.active_day,
    sum(waiting.remaining) as points,
    0 as lot_change,
    0 as debt_change
from waiting
group by waiting.active_day
union all
select
    'now' as type,
    null as day,
    null as active_day,
    0 as points,
    coalesce(sum(account.lots_points), 0) - (select coalesce(sum(gone.points), 0) from gone) as lot_change,
    coalesce(sum(account.debt_points), 0) as debt_change
from loyalty_account as account;
