-- By how much the movements after the moments $4 changed on_hand at ($1 SKUs, $2 locations), of the
-- lots $3 where there are lots. Nothing is recorded before it happens, and identities grow with time:
-- $5 are identities that stand before each moment, where reading may begin.
select
    asked.sku,
    asked.location,
    asked.lot,
    asked.at,
    coalesce(moved.change, 0) as change
from
    unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[])
        as asked (sku, location, lot, at, floor)
cross join lateral (
    select
        sum(
            movement.quantity * (
                (movement.to_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
                - (movement.from_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
            )
        )::integer as change
    from stock_movement as movement
    where
        movement.sku = asked.sku
        and movement.id >= asked.floor
        and movement.recorded_at > asked.at
        and movement.occurred_at > asked.at
        and movement.location = asked.location
        and movement.lot is not distinct from asked.lot
) as moved;
