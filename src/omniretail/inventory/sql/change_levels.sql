-- Adds changes to levels, whose rows are locked; times only move on, a case stays until it is closed.
update stock_level
set
    on_hand = stock_level.on_hand + change.on_hand,
    allocated = stock_level.allocated + change.allocated,
    held = stock_level.held + change.held,
    damaged = stock_level.damaged + change.damaged,
    quality_control = stock_level.quality_control + change.quality_control,
    moved_at = greatest(stock_level.moved_at, change.moved_at),
    counted_at = greatest(stock_level.counted_at, change.counted_at),
    shortage_id = coalesce(change.shortage_id, stock_level.shortage_id)
from
    unnest(
        $1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[],
        $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::uuid[]
    )
        as change (
            sku, location, on_hand, allocated, held, damaged, quality_control,
            moved_at, counted_at, shortage_id
        )
where stock_level.sku = change.sku and stock_level.location = change.location;
