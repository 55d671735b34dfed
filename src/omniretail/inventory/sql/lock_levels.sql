-- Locks the levels of ($1 SKUs, $2 locations), of the components of kits among them, and of the lines
-- of the holds $3, one after the other by (SKU, location), and returns them with the safety stock in
-- force. Race: two batches that meet on several levels would deadlock, did they not lock in one
-- order. Each `limit` has a row looked up by itself, also by a plan that was made while the table was
-- still empty.
select
    held.sku,
    held.location,
    held.on_hand,
    held.allocated,
    held.held,
    held.damaged,
    held.quality_control,
    coalesce(held.safety_stock, place.safety_stock) as safety_stock,
    held.moved_at,
    held.counted_at,
    held.shortage_id
from (
    select distinct
        coalesce(part.component, asked.sku) as sku,
        asked.location
    from unnest($1::text[], $2::text[]) as asked (sku, location)
    left join lateral (
        select sku.components
        from sku
        where sku.code = asked.sku and sku.components is not null
        limit 1
    ) as kit on true
    left join lateral jsonb_object_keys(kit.components) as part (component) on true
    union
    select
        line.sku,
        line.location
    from hold_line as line
    where line.hold_id = any($3::uuid[])
    order by 1, 2
) as wanted
cross join
    lateral (
        select stock_level.*
        from stock_level
        where stock_level.sku = wanted.sku and stock_level.location = wanted.location
        limit 1
        for update
    ) as held
cross join lateral (
    select location.safety_stock
    from location
    where location.code = wanted.location
    limit 1
) as place;
