-- Orders whose movements are not exactly one set: each unit promised (or sold) once, and left or
-- released as often as its line says, kits by their components.
with moved as (
    select
        movement.document_id as order_id,
        movement.sku,
        movement.location,
        sum(movement.quantity) filter (where movement.type = 'allocated') as allocated,
        sum(movement.quantity) filter (where movement.type = 'sold') as sold,
        sum(movement.quantity) filter (where movement.type = 'released') as released,
        sum(movement.quantity) filter (where movement.type in ('shipped', 'handed_over')) as gone
    from stock_movement as movement
    where movement.document_type = 'order'
    group by movement.document_id, movement.sku, movement.location
),

agreed as (
    select
        line.order_id,
        part.sku,
        fulfillment.location,
        sum(line.quantity * part.per_unit::integer) filter (
            where fulfillment.kind <> 'carry_out'
        ) as allocated,
        sum(line.quantity * part.per_unit::integer) filter (
            where fulfillment.kind = 'carry_out'
        ) as sold,
        sum(line.cancelled_quantity * part.per_unit::integer) as released,
        sum(line.fulfilled_quantity * part.per_unit::integer) filter (
            where fulfillment.kind <> 'carry_out'
        ) as gone
    from order_line as line
    inner join fulfillment
        on line.order_id = fulfillment.order_id and line.fulfillment_number = fulfillment.number
    cross join
        lateral jsonb_each_text(
            coalesce(line.components, jsonb_build_object(line.sku, 1))
        ) as part (sku, per_unit)
    group by line.order_id, part.sku, fulfillment.location
)

select
    order_id,
    sku,
    location,
    agreed.allocated,
    moved.allocated as moved_allocated,
    agreed.sold,
    moved.sold as moved_sold,
    agreed.released,
    moved.released as moved_released,
    agreed.gone,
    moved.gone as moved_gone
from agreed
full join moved using (order_id, sku, location)
where
    coalesce(agreed.allocated, 0) <> coalesce(moved.allocated, 0)
    or coalesce(agreed.sold, 0) <> coalesce(moved.sold, 0)
    or coalesce(agreed.released, 0) <> coalesce(moved.released, 0)
    or coalesce(agreed.gone, 0) <> coalesce(moved.gone, 0)
order by order_id, sku, location;
