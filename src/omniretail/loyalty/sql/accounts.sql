-- The accounts $1 as they are at $2. What is pending and active is what the row says, until its time is over;
-- from then on it is what the lots say by the clock. Their order is that of the index that has the lots of an
-- account, and `offset 0` keeps it: a plan made on empty tables would read those of everybody.
select
    account.id,
    account.version,
    account.status,
    account.merged_into,
    account.lots_points,
    account.debt_points,
    case when stale.is_stale then sums.active_points else account.active_points end as active_points,
    case when stale.is_stale then sums.pending_points else account.pending_points end as pending_points,
    case when stale.is_stale then least(sums.changes_at, holds.ends_at) else account.steady_until end
        as steady_until,
    holds.points as held_points,
    account.tier,
    account.tier_until,
    account.opened_at,
    account.opened_by,
    people.members,
    stale.is_stale
from unnest($1::uuid[]) as wanted (id)
cross join
    lateral (
        select loyalty_account.*
        from loyalty_account
        where loyalty_account.id = wanted.id
        limit 1
    ) as account
cross join
    lateral (select coalesce(account.steady_until <= $2::timestamptz, false) as is_stale) as stale
cross join
    lateral (
        select
            coalesce(
                sum(
                    case
                        when lot.expires_at <= $2::timestamptz then least(lot.remaining, kept.points)
                        when lot.in_review or lot.available_at is null or lot.available_at > $2::timestamptz
                            then 0
                        else lot.remaining
                    end
                ),
                0
            )::bigint as active_points,
            coalesce(
                sum(lot.remaining) filter (
                    where (lot.expires_at is null or lot.expires_at > $2::timestamptz)
                    and (lot.in_review or lot.available_at is null or lot.available_at > $2::timestamptz)
                ),
                0
            )::bigint as pending_points,
            min(
                case
                    when lot.expires_at <= $2::timestamptz then null
                    when not lot.in_review and lot.available_at > $2::timestamptz then lot.available_at
                    else lot.expires_at
                end
            ) as changes_at
        from (
            select loyalty_lot.*
            from loyalty_lot
            where stale.is_stale and loyalty_lot.account_id = account.id and loyalty_lot.remaining > 0
            order by loyalty_lot.expires_at, loyalty_lot.earned_at, loyalty_lot.id
            offset 0
        ) as lot
        cross join
            lateral (
                select coalesce(sum(promise.points), 0) as points
                from loyalty_hold_lot as promise
                cross join
                    lateral (
                        select
                            loyalty_hold.state,
                            loyalty_hold.expires_at
                        from loyalty_hold
                        where loyalty_hold.id = promise.hold_id
                        limit 1
                    ) as hold
                where
                    lot.held > 0
                    and promise.lot_id = lot.id
                    and hold.state = 'held'
                    and hold.expires_at > $2::timestamptz
            ) as kept
    ) as sums
cross join
    lateral (
        select
            coalesce(sum(loyalty_hold.points), 0)::bigint as points,
            min(loyalty_hold.expires_at) as ends_at
        from loyalty_hold
        where
            loyalty_hold.account_id = account.id
            and loyalty_hold.state = 'held'
            and loyalty_hold.expires_at > $2::timestamptz
    ) as holds
cross join
    lateral (
        select coalesce(json_agg(member.customer_id order by member.customer_id), '[]') as members
        from (
            select loyalty_member.customer_id
            from loyalty_member
            where loyalty_member.account_id = account.id
            offset 0
        ) as member
    ) as people;
