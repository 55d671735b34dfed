-- Levels whose allocated differs from what open orders still await there, kits by their components. What
-- is on its way to a store, or was rejected, is promised nowhere.
with awaited as (
    select
        part.sku,
        fulfillment.location,
        sum(
            (line.quantity - line.fulfilled_quantity - line.cancelled_quantity) * part.per_unit::integer
        ) as quantity
    from order_line as line
    inner join fulfillment
        on line.order_id = fulfillment.order_id and line.fulfillment_number = fulfillment.number
    cross join
        lateral jsonb_each_text(
            coalesce(line.components, jsonb_build_object(line.sku, 1))
        ) as part (sku, per_unit)
    where
        line.quantity > line.fulfilled_quantity + line.cancelled_quantity
        and fulfillment.state not in ('in_transit', 'rejected')
    group by part.sku, fulfillment.location
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
