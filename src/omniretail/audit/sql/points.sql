-- Loyalty accounts whose points, debt or version are not what their entries and lots say, or whose states
-- are not what their lots are just before the row says that they change; entries of no account; and lots
-- that are not the sum of their entries. Until `steady_until` nothing changes by the clock alone, so what the
-- row says must be true to the last moment before it.
with entered as (
    select
        entry.account_id,
        sum(entry.lot_change) as lots_points,
        sum(entry.debt_change) as debt_points,
        count(*) as entries,
        min(entry.sequence) = 1 and max(entry.sequence) = count(*) as gapless
    from loyalty_entry as entry
    group by entry.account_id
),

kept as (
    select
        promise.lot_id,
        sum(promise.points) as points
    from loyalty_hold as hold
    inner join loyalty_hold_lot as promise on hold.id = promise.hold_id
    inner join loyalty_lot as lot on promise.lot_id = lot.id
    inner join loyalty_account as account on lot.account_id = account.id
    where hold.state = 'held' and hold.expires_at >= coalesce(account.steady_until, 'infinity')
    group by promise.lot_id
),

stood as (
    select
        lot.account_id,
        sum(lot.remaining) as lots_points,
        sum(
            case
                when lot.expires_at < coalesce(account.steady_until, 'infinity') then coalesce(kept.points, 0)
                when
                    lot.in_review
                    or lot.available_at is null
                    or lot.available_at >= coalesce(account.steady_until, 'infinity')
                    then 0
                else lot.remaining
            end
        ) as active_points,
        sum(
            case
                when lot.expires_at < coalesce(account.steady_until, 'infinity') then 0
                when
                    lot.in_review
                    or lot.available_at is null
                    or lot.available_at >= coalesce(account.steady_until, 'infinity')
                    then lot.remaining
                else 0
            end
        ) as pending_points
    from loyalty_lot as lot
    left join loyalty_account as account on lot.account_id = account.id
    left join kept on lot.id = kept.lot_id
    group by lot.account_id
),

changed as (
    select
        entry.lot_id,
        sum(entry.lot_change) as remaining,
        sum(case entry.type when 'expired' then entry.points else 0 end) as expired,
        sum(case entry.type when 'absorbed' then entry.points else 0 end) as absorbed
    from loyalty_entry as entry
    where entry.lot_id is not null
    group by entry.lot_id
)

select
    coalesce(account.id, entered.account_id, stood.account_id) as account_id,
    null::uuid as lot_id,
    account.lots_points as stated_points,
    entered.lots_points as entered_points,
    stood.lots_points as points_in_lots,
    account.debt_points as stated_debt,
    entered.debt_points,
    account.version as stated_version,
    entered.entries,
    account.active_points as stated_active,
    stood.active_points,
    account.pending_points as stated_pending,
    stood.pending_points
from loyalty_account as account
full join entered on account.id = entered.account_id
full join stood on coalesce(account.id, entered.account_id) = stood.account_id
where
    account.lots_points is distinct from coalesce(entered.lots_points, 0)
    or account.lots_points is distinct from coalesce(stood.lots_points, 0)
    or account.debt_points is distinct from coalesce(entered.debt_points, 0)
    or account.version is distinct from coalesce(entered.entries, 0)
    or not coalesce(entered.gapless, true)
    or account.active_points is distinct from coalesce(stood.active_points, 0)
    or account.pending_points is distinct from coalesce(stood.pending_points, 0)
union all
select
    lot.account_id,
    coalesce(lot.id, changed.lot_id) as lot_id,
    lot.remaining as stated_points,
    changed.remaining as entered_points,
    null as points_in_lots,
    null as stated_debt,
    null as debt_points,
    null as stated_version,
    null as entries,
    null as stated_active,
    null as active_points,
    null as stated_pending,
    null as pending_points
from loyalty_lot as lot
full join changed on lot.id = changed.lot_id
where
    lot.remaining is distinct from changed.remaining
    or lot.expired is distinct from changed.expired
    or lot.absorbed is distinct from changed.absorbed
order by account_id, lot_id;
