-- Lots that hold something else than the open holds of points promise of them; holds that are not the sum of
-- their lots; lots that are promised by no hold; and holds that were spent for an order which points do not
-- pay. A hold is open until it is closed, also where it has run out: it is closed when somebody next comes to
-- its account.
with promised as (
    select
        promise.lot_id,
        sum(promise.points) as points
    from loyalty_hold as hold
    inner join loyalty_hold_lot as promise on hold.id = promise.hold_id
    where hold.state = 'held'
    group by promise.lot_id
),

listed as (
    select
        promise.hold_id,
        sum(promise.points) as points
    from loyalty_hold_lot as promise
    group by promise.hold_id
)

select
    coalesce(lot.id, promised.lot_id) as lot_id,
    null::uuid as hold_id,
    lot.held as stated_points,
    promised.points,
    null::uuid as order_id
from loyalty_lot as lot
full join promised on lot.id = promised.lot_id
where coalesce(lot.held, 0) <> coalesce(promised.points, 0)
union all
select
    null as lot_id,
    coalesce(hold.id, listed.hold_id) as hold_id,
    hold.points as stated_points,
    listed.points,
    hold.order_id
from loyalty_hold as hold
full join listed on hold.id = listed.hold_id
where hold.points is distinct from listed.points
union all
select
    null as lot_id,
    hold.id as hold_id,
    hold.points as stated_points,
    null as points,
    hold.order_id
from loyalty_hold as hold
left join sales_order on hold.order_id = sales_order.id
where
    hold.state = 'committed'
    and coalesce(sales_order.reward_points, 0) = 0
    and not exists (
        select 1
        from tender
        where tender.order_id = hold.order_id and tender.type = 'points'
    )
order by lot_id, hold_id;
