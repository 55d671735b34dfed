-- Levels that promise more than they have, although no adjustment ever took anything away there.
select
    level.sku,
    level.location,
    level.on_hand,
    level.allocated
from stock_level as level
where
    level.allocated > level.on_hand
    and not exists (
        select 1
        from stock_movement as movement
        where
            movement.sku = level.sku
            and movement.location = level.location
            and movement.type = 'adjusted'
            and movement.to_state = 'shrinkage'
    )
order by level.sku, level.location;
