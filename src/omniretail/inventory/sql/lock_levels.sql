-- Locks the levels of ($1 SKUs, $2 locations) in their one global order and returns them.
-- Race: two batches that meet on several levels would deadlock, did they not lock in this order.
select
    stock_level.sku,
    stock_level.location,
    stock_level.on_hand,
    stock_level.allocated
from unnest($1::text[], $2::text[]) as wanted (sku, location)
inner join stock_level
    on wanted.sku = stock_level.sku and wanted.location = stock_level.location
-- Bounds the read also where the plan was made while the table was still empty.
where stock_level.sku = any($1::text[])
order by stock_level.sku, stock_level.location
for update of stock_level;
