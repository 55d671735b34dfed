-- What stood of the SKUs $1 at the moment $2: what stands now, less what has moved since. Nothing is
-- recorded before it happens, and identities grow with time: $3 stands before the moment.
with moved as (
    select
        movement.sku,
        movement.location,
        sum(
            movement.quantity * (
                (movement.to_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
                - (movement.from_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
            )
        ) as on_hand,
        sum(
            movement.quantity * (
                (movement.to_state = 'allocated')::integer
                - (movement.from_state = 'allocated')::integer
            )
        ) as allocated,
        sum(
            movement.quantity * (
                (movement.to_state = 'damaged')::integer - (movement.from_state = 'damaged')::integer
            )
        ) as damaged,
        sum(
            movement.quantity * (
                (movement.to_state = 'quality_control')::integer
                - (movement.from_state = 'quality_control')::integer
            )
        ) as quality_control
    from stock_movement as movement
    where
        movement.sku = any($1::text[])
        and movement.id >= $3::uuid
        and movement.recorded_at > $2::timestamptz
        and movement.occurred_at > $2::timestamptz
    group by movement.sku, movement.location
)

select
    level.sku,
    level.location,
    (level.on_hand - coalesce(moved.on_hand, 0))::integer as on_hand,
    (level.allocated - coalesce(moved.allocated, 0))::integer as allocated,
    (level.damaged - coalesce(moved.damaged, 0))::integer as damaged,
    (level.quality_control - coalesce(moved.quality_control, 0))::integer as quality_control,
    coalesce(level.safety_stock, location.safety_stock) as safety_stock,
    location.status = 'active' as active
from stock_level as level
inner join location on level.location = location.code
left join moved on level.sku = moved.sku and level.location = moved.location
where level.sku = any($1::text[])
order by level.sku, level.location;
