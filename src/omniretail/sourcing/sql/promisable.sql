-- Of each of the SKUs $1, and of each component of the kits among them: how many units may be promised
-- at each location that has any, as one object; inactive locations too. Nothing is locked, and neither
-- holds that have run out nor lots past their date are looked up: who takes the goods judges them again,
-- under locks. The order has levels found by their SKUs, also by a plan made while there were none.
with asked as materialized (
    select $1::text[] || array(
        select part.component
        from sku
        cross join lateral jsonb_object_keys(sku.components) as part (component)
        where sku.code = any($1::text[]) and sku.components is not null
    ) as skus
),

withheld as materialized (
    select jsonb_object_agg(location.code, location.safety_stock) as by_location
    from location
    where location.safety_stock > 0
)

select
    there.sku,
    json_object_agg(there.location, there.units) as units
from (
    select
        level.sku,
        level.location,
        level.on_hand - level.damaged - level.quality_control - level.allocated - level.held
        - level.suspected
        - coalesce(
            level.safety_stock,
            ((select withheld.by_location from withheld) ->> level.location)::integer,
            0
        ) as units
    from stock_level as level
    where level.sku = any((select asked.skus from asked)::text[])
    order by level.sku, level.location
) as there
where there.units > 0
group by there.sku;
