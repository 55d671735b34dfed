-- Orders whose movements are not exactly one set: each unit promised (or sold) once, and left or
-- released as often as its line says, kits by their components; what a location rejected was promised and
-- released there once more; and what is sent to a store is on its way once. What moves between two locations
-- is summed over both.
with sent_to_store as (
    select distinct fulfillment.order_id
    from fulfillment
    where fulfillment.kind = 'ship_to_store'
),

moved as (
    select
        movement.document_id as order_id,
        movement.sku,
        case when sent_to_store.order_id is null then movement.location else '' end as location,
        sum(movement.quantity) filter (where movement.type = 'allocated') as allocated,
        sum(movement.quantity) filter (where movement.type = 'sold') as sold,
        sum(movement.quantity) filter (where movement.type = 'released') as released,
        sum(movement.quantity) filter (where movement.type in ('shipped', 'handed_over')) as gone,
        sum(
            movement.quantity
            * ((movement.to_state = 'in_transit')::integer - (movement.from_state = 'in_transit')::integer)
        ) as in_transit
    from stock_movement as movement
    left join sent_to_store on movement.document_id = sent_to_store.order_id
    where
        movement.document_type = 'order'
        and movement.type in (
            'allocated', 'sold', 'released', 'shipped', 'handed_over', 'store_shipped', 'store_received'
        )
    group by
        movement.document_id,
        movement.sku,
        case when sent_to_store.order_id is null then movement.location else '' end
),

served as (
    select
        line.order_id,
        line.sku,
        line.components,
        fulfillment.location,
        case when fulfillment.kind <> 'carry_out' then line.quantity else 0 end as allocated,
        case when fulfillment.kind = 'carry_out' then line.quantity else 0 end as sold,
        line.cancelled_quantity as released,
        case when fulfillment.kind <> 'carry_out' then line.fulfilled_quantity else 0 end as gone,
        case
            when fulfillment.state = 'in_transit'
                then line.quantity - line.fulfilled_quantity - line.cancelled_quantity
            else 0
        end as in_transit
    from order_line as line
    inner join fulfillment
        on line.order_id = fulfillment.order_id and line.fulfillment_number = fulfillment.number
    where fulfillment.state <> 'rejected'
    union all
    select
        rejection.order_id,
        rejection.sku,
        rejection.components,
        rejection.location,
        rejection.quantity as allocated,
        0 as sold,
        rejection.quantity as released,
        0 as gone,
        0 as in_transit
    from rejection
),

agreed as (
    select
        served.order_id,
        part.sku,
        case when sent_to_store.order_id is null then served.location else '' end as location,
        sum(served.allocated * part.per_unit::integer) as allocated,
        sum(served.sold * part.per_unit::integer) as sold,
        sum(served.released * part.per_unit::integer) as released,
        sum(served.gone * part.per_unit::integer) as gone,
        sum(served.in_transit * part.per_unit::integer) as in_transit
    from served
    left join sent_to_store on served.order_id = sent_to_store.order_id
    cross join
        lateral jsonb_each_text(
            coalesce(served.components, jsonb_build_object(served.sku, 1))
        ) as part (sku, per_unit)
    group by
        served.order_id,
        part.sku,
        case when sent_to_store.order_id is null then served.location else '' end
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
    moved.gone as moved_gone,
    agreed.in_transit,
    moved.in_transit as moved_in_transit
from agreed
full join moved using (order_id, sku, location)
where
    coalesce(agreed.allocated, 0) <> coalesce(moved.allocated, 0)
    or coalesce(agreed.sold, 0) <> coalesce(moved.sold, 0)
    or coalesce(agreed.released, 0) <> coalesce(moved.released, 0)
    or coalesce(agreed.gone, 0) <> coalesce(moved.gone, 0)
    or coalesce(agreed.in_transit, 0) <> coalesce(moved.in_transit, 0)
order by order_id, sku, location;
