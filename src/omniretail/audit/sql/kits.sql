-- Movements for kits that differ from what the lines of their order say of the kit and its components, what
-- was rejected promised once more, what returns say of theirs left to the check of returns; and holds of a
-- kit that hold its components for different numbers of it.
with moved as (
    select
        movement.document_id,
        movement.kit,
        movement.sku,
        sum(movement.quantity) filter (where movement.type in ('allocated', 'sold')) as quantity
    from stock_movement as movement
    where movement.kit is not null and movement.document_type <> 'return'
    group by movement.document_id, movement.kit, movement.sku
),

served as (
    select
        line.order_id,
        line.sku,
        line.components,
        line.quantity
    from order_line as line
    inner join fulfillment
        on line.order_id = fulfillment.order_id and line.fulfillment_number = fulfillment.number
    where line.components is not null and fulfillment.state <> 'rejected'
    union all
    select
        rejection.order_id,
        rejection.sku,
        rejection.components,
        rejection.quantity
    from rejection
    where rejection.components is not null
),

agreed as (
    select
        served.order_id as document_id,
        served.sku as kit,
        part.sku,
        sum(served.quantity * part.per_unit::integer) as quantity
    from served
    cross join lateral jsonb_each_text(served.components) as part (sku, per_unit)
    group by served.order_id, served.sku, part.sku
)

select
    document_id,
    kit,
    sku,
    agreed.quantity as agreed,
    moved.quantity as moved
from agreed
full join moved using (document_id, kit, sku)
where agreed.quantity is null or agreed.quantity is distinct from moved.quantity
union all
select
    line.hold_id as document_id,
    line.kit,
    null as sku,
    min(line.quantity / line.per_unit) as agreed,
    max((line.quantity + line.per_unit - 1) / line.per_unit) as moved
from hold_line as line
where line.kit is not null
group by line.hold_id, line.number, line.kit
having
    min(line.quantity / line.per_unit)
    <> max((line.quantity + line.per_unit - 1) / line.per_unit)
order by document_id, kit, sku;
