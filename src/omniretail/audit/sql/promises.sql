-- Levels that owe more than they have without an open case, unless it was promised on order.
select
    level.sku,
    level.location,
    level.on_hand,
    level.allocated
from stock_level as level
where
    (
        level.allocated > level.on_hand - level.damaged - level.quality_control
        or level.on_hand < 0
    )
    and level.shortage_id is null
    and not exists (
        select 1
        from stock_movement as movement
        where
            movement.sku = level.sku
            and movement.location = level.location
            and movement.type = 'allocated'
            and movement.reason in ('back_order', 'pre_order')
    )
order by level.sku, level.location;
