-- Levels whose allocated differs from what open orders still await there.
with awaited as (
    select
        line.sku,
        part.location,
        sum(line.quantity - line.fulfilled_quantity - line.cancelled_quantity) as quantity
    from order_line as line
    inner join fulfillment as part
        on line.order_id = part.order_id and line.fulfillment_number = part.number
    where line.quantity > line.fulfilled_quantity + line.cancelled_quantity
    group by line.sku, part.location
)

select
    sku,
    location,
    level.allocated,
    awaited.quantity as awaited
from stock_level as level
full join awaited using (sku, location)
where coalesce(level.allocated, 0) <> coalesce(awaited.quantity, 0)
order by sku, location;
