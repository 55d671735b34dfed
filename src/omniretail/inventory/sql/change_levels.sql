-- Adds the changes of the JSON array $1 to levels, whose rows are locked; times only move on, and a case
-- stays until it is closed. What a change does not name stays as it is.
update stock_level
set
    on_hand = stock_level.on_hand + coalesce(change.on_hand, 0),
    allocated = stock_level.allocated + coalesce(change.allocated, 0),
    held = stock_level.held + coalesce(change.held, 0),
    damaged = stock_level.damaged + coalesce(change.damaged, 0),
    quality_control = stock_level.quality_control + coalesce(change.quality_control, 0),
    suspected = stock_level.suspected + coalesce(change.suspected, 0),
    moved_at = greatest(stock_level.moved_at, change.moved_at),
    counted_at = greatest(stock_level.counted_at, change.counted_at),
    shortage_id = coalesce(change.shortage_id, stock_level.shortage_id)
from
    json_to_recordset($1::json)
        as change (
            sku text,
            location text,
            on_hand integer,
            allocated integer,
            held integer,
            damaged integer,
            quality_control integer,
            suspected integer,
            moved_at timestamptz,
            counted_at timestamptz,
            shortage_id uuid
        )
where stock_level.sku = change.sku and stock_level.location = change.location;
