-- Brings levels into being with what first arrived. Race: another transaction may have done so
-- since the lock found none; the sum then lands on its row.
insert into stock_level as level (
    sku, location, on_hand, allocated, held, damaged, quality_control,
    moved_at, counted_at, shortage_id
)
select
    fresh.sku,
    fresh.location,
    fresh.on_hand,
    fresh.allocated,
    fresh.held,
    fresh.damaged,
    fresh.quality_control,
    fresh.moved_at,
    fresh.counted_at,
    fresh.shortage_id
from
    unnest(
        $1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[],
        $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::uuid[]
    )
        as fresh (
            sku, location, on_hand, allocated, held, damaged, quality_control,
            moved_at, counted_at, shortage_id
        )
order by fresh.sku, fresh.location
on conflict on constraint stock_level_pkey do update set
    on_hand = level.on_hand + excluded.on_hand,
    allocated = level.allocated + excluded.allocated,
    held = level.held + excluded.held,
    damaged = level.damaged + excluded.damaged,
    quality_control = level.quality_control + excluded.quality_control,
    moved_at = greatest(level.moved_at, excluded.moved_at),
    counted_at = greatest(level.counted_at, excluded.counted_at),
    shortage_id = coalesce(excluded.shortage_id, level.shortage_id);
