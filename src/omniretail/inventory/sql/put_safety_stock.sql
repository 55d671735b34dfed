-- Puts the safety stock $3 of the places ($1 SKUs, $2 locations) in place; null: the location's own
-- holds. The levels are locked.
update stock_level
set safety_stock = change.quantity
from unnest($1::text[], $2::text[], $3::integer[]) as change (sku, location, quantity)
where
    stock_level.sku = change.sku
    and stock_level.location = change.location
    -- Bounds the read also where the plan was made while the table was still empty.
    and stock_level.sku = any($1::text[]);
