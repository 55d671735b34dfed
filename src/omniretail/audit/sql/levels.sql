-- Levels that differ from the sums of their movements.
with legs as (
    select
        movement.sku,
        movement.location,
        movement.to_state as state,
        movement.quantity
    from stock_movement as movement
    union all
    select
        movement.sku,
        movement.location,
        movement.from_state as state,
        -movement.quantity as quantity
    from stock_movement as movement
),

sums as (
    select
        legs.sku,
        legs.location,
        sum(legs.quantity) filter (
            where legs.state in ('available', 'allocated', 'damaged', 'quality_control')
        ) as on_hand,
        sum(legs.quantity) filter (where legs.state = 'allocated') as allocated,
        sum(legs.quantity) filter (where legs.state = 'damaged') as damaged,
        sum(legs.quantity) filter (where legs.state = 'quality_control') as quality_control
    from legs
    group by legs.sku, legs.location
)

select
    sku,
    location,
    level.on_hand,
    sums.on_hand as moved_on_hand,
    level.allocated,
    sums.allocated as moved_allocated,
    level.damaged,
    sums.damaged as moved_damaged,
    level.quality_control,
    sums.quality_control as moved_quality_control
from stock_level as level
full join sums using (sku, location)
where
    coalesce(level.on_hand, 0) <> coalesce(sums.on_hand, 0)
    or coalesce(level.allocated, 0) <> coalesce(sums.allocated, 0)
    or coalesce(level.damaged, 0) <> coalesce(sums.damaged, 0)
    or coalesce(level.quality_control, 0) <> coalesce(sums.quality_control, 0)
order by sku, location;
