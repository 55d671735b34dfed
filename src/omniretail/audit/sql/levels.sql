-- Levels that differ from the sums of their movements.
with sums as (
    select
        movement.sku,
        movement.location,
        sum(
            movement.quantity * (
                (movement.to_state in ('available', 'allocated'))::integer
                - (movement.from_state in ('available', 'allocated'))::integer
            )
        ) as on_hand,
        sum(
            movement.quantity * (
                (movement.to_state = 'allocated')::integer
                - (movement.from_state = 'allocated')::integer
            )
        ) as allocated
    from stock_movement as movement
    group by movement.sku, movement.location
)

select
    sku,
    location,
    level.on_hand,
    sums.on_hand as moved_on_hand,
    level.allocated,
    sums.allocated as moved_allocated
from stock_level as level
full join sums using (sku, location)
where
    coalesce(level.on_hand, 0) <> coalesce(sums.on_hand, 0)
    or coalesce(level.allocated, 0) <> coalesce(sums.allocated, 0)
order by sku, location;
