-- The levels of the SKUs $1, by location; a SKU without any has one row without a location.
select
    sku.code as sku,
    level.location,
    level.on_hand,
    level.allocated,
    location.status = 'active' as active
from sku
-- The second condition bounds the read also where the plan was made while the table was still empty.
left join stock_level as level on sku.code = level.sku and level.sku = any($1::text[])
left join location on level.location = location.code
where sku.code = any($1::text[])
order by sku.code, level.location;
