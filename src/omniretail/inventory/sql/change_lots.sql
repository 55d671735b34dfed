-- Adds changes to lots. Their levels are locked.
update stock_lot
set
    on_hand = stock_lot.on_hand + change.on_hand,
    damaged = stock_lot.damaged + change.damaged,
    quality_control = stock_lot.quality_control + change.quality_control
from
    unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[])
        as change (sku, location, lot, on_hand, damaged, quality_control)
where
    stock_lot.sku = change.sku
    and stock_lot.location = change.location
    and stock_lot.lot = change.lot
    -- Bounds the read also where the plan was made while the table was still empty.
    and stock_lot.sku = any($1::text[]);
