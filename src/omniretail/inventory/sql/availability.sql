-- The levels of the SKUs $1, by location, then a row without a location for each SKU there is. (Two
-- look-ups rather than a join: each is bounded by the SKUs, whatever the planner knows.)
(
    select
        level.sku,
        level.location,
        level.on_hand,
        level.allocated,
        location.status = 'active' as active
    from stock_level as level
    inner join location on level.location = location.code
    where level.sku = any($1::text[])
    order by level.sku, level.location
)
union all
select
    sku.code as sku,
    null as location,
    null as on_hand,
    null as allocated,
    null as active
from sku
where sku.code = any($1::text[]);
