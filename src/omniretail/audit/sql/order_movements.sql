-- Orders whose movements are not exactly one set: each unit promised (or sold) once, and left or
-- released as often as its line says.
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
        line.sku,
        part.location,
        sum(line.quantity) filter (where part.kind <> 'carry_out') as allocated,
        sum(line.quantity) filter (where part.kind = 'carry_out') as sold,
        sum(line.cancelled_quantity) as released,
        sum(line.fulfilled_quantity) filter (where part.kind <> 'carry_out') as gone
    from order_line as line
    inner join fulfillment as part
        on line.order_id = part.order_id and line.fulfillment_number = part.number
    group by line.order_id, line.sku, part.location
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
