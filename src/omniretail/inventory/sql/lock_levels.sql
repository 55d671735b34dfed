-- Locks the levels of ($1 SKUs, $2 locations) one after the other and returns them. The caller
-- sorts what it wants. Race: two batches that meet on several levels would deadlock, did they not
-- lock in one order. The `limit` has each looked up by itself, in the order wanted, also by a plan
-- that was made while the table was still empty.
select
    held.sku,
    held.location,
    held.on_hand,
    held.allocated
from unnest($1::text[], $2::text[]) as wanted (sku, location)
cross join lateral (
    select
        stock_level.sku,
        stock_level.location,
        stock_level.on_hand,
        stock_level.allocated
    from stock_level
    where stock_level.sku = wanted.sku and stock_level.location = wanted.location
    limit 1
    for update
) as held;
