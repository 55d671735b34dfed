-- Levels that owe more than they have without an open case, unless it was promised on order; levels
-- and open cases that do not name each other; movements that name a case that does not exist.
with on_order as (
    select distinct
        movement.sku,
        movement.location
    from stock_movement as movement
    where movement.type = 'allocated' and movement.reason in ('back_order', 'pre_order')
),

owing as (
    select
        level.sku,
        level.location,
        level.shortage_id
    from stock_level as level
    left join on_order on level.sku = on_order.sku and level.location = on_order.location
    where
        (
            level.allocated > level.on_hand - level.damaged - level.quality_control
            or level.on_hand < 0
        )
        and level.shortage_id is null
        and on_order.sku is null
),

open_cases as (
    select
        shortage.id,
        shortage.sku,
        shortage.location
    from shortage
    where shortage.closed_at is null
)

select
    owing.sku,
    owing.location,
    owing.shortage_id as level_names,
    null::uuid as open_case,
    null::uuid as movement_names
from owing
union all
select
    sku,
    location,
    level.shortage_id as level_names,
    open_cases.id as open_case,
    null as movement_names
from stock_level as level
full join open_cases using (sku, location)
where level.shortage_id is distinct from open_cases.id
union all
select
    movement.sku,
    movement.location,
    null as level_names,
    null as open_case,
    movement.shortage_id as movement_names
from stock_movement as movement
left join shortage on movement.shortage_id = shortage.id
where movement.shortage_id is not null and shortage.id is null
order by sku, location, movement_names;
