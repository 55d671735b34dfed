-- Locks the levels of ($1 SKUs, $2 locations), of the components of kits among them, and of the lines
-- of the holds $3, one after the other by (SKU, location), and returns them with the safety stock in
-- force: the level's own, else the location's. Race: two batches that meet on several levels would
-- deadlock, did they not lock in one order. The `limit` has each level looked up by itself, also by a
-- plan that was made while the table was still empty.
with kit as materialized (
    select
        sku.code,
        sku.components
    from sku
    where sku.code = any($1::text[]) and sku.components is not null
)

select
    held.sku,
    held.location,
    held.on_hand,
    held.allocated,
    held.held,
    held.damaged,
    held.quality_control,
    coalesce(
        held.safety_stock, (withheld.by_location ->> held.location)::integer, 0
    ) as safety_stock,
    held.suspected,
    held.moved_at,
    held.counted_at,
    held.shortage_id
from (
    select jsonb_object_agg(location.code, location.safety_stock) as by_location
    from location
    where location.code = any($2::text[]) and location.safety_stock > 0
) as withheld
cross join (
    select
        coalesce(part.component, asked.sku) as sku,
        asked.location
    from unnest($1::text[], $2::text[]) as asked (sku, location)
    left join lateral (
        select part.component
        from kit
        cross join lateral jsonb_object_keys(kit.components) as part (component)
        where kit.code = asked.sku
    ) as part on true
    union
    select
        line.sku,
        line.location
    from hold_line as line
    where line.hold_id = any($3::uuid[])
    order by 1, 2
) as wanted
cross join lateral (
    select stock_level.*
    from stock_level
    where stock_level.sku = wanted.sku and stock_level.location = wanted.location
    limit 1
    for update
) as held;
