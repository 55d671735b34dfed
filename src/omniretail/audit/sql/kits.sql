-- Movements for kits that differ from what the lines of their order say of the kit and its components,
-- and holds of a kit that hold its components for different numbers of it.
with moved as (
    select
        movement.document_id,
        movement.kit,
        movement.sku,
        sum(movement.quantity) filter (where movement.type in ('allocated', 'sold')) as quantity
    from stock_movement as movement
    where movement.kit is not null
    group by movement.document_id, movement.kit, movement.sku
),

agreed as (
    select
        line.order_id as document_id,
        line.sku as kit,
        part.sku,
        sum(line.quantity * part.per_unit::integer) as quantity
    from order_line as line
    cross join lateral jsonb_each_text(line.components) as part (sku, per_unit)
    where line.components is not null
    group by line.order_id, line.sku, part.sku
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
