-- Lots that differ from the sums of the movements naming them, and movements on or off the shelf of a
-- SKU tracked by lot that name none, though no shortage case says why.
with legs as (
    select
        movement.sku,
        movement.location,
        movement.lot,
        movement.quantity,
        movement.shortage_id,
        (movement.to_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
        - (movement.from_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
            as on_hand,
        (movement.to_state = 'damaged')::integer - (movement.from_state = 'damaged')::integer
            as damaged,
        (movement.to_state = 'quality_control')::integer
        - (movement.from_state = 'quality_control')::integer as quality_control
    from stock_movement as movement
),

sums as (
    select
        legs.sku,
        legs.location,
        legs.lot,
        sum(legs.quantity * legs.on_hand) as on_hand,
        sum(legs.quantity * legs.damaged) as damaged,
        sum(legs.quantity * legs.quality_control) as quality_control
    from legs
    where legs.lot is not null
    group by legs.sku, legs.location, legs.lot
)

select
    sku,
    location,
    lot,
    stock_lot.on_hand,
    sums.on_hand as moved_on_hand,
    stock_lot.damaged,
    sums.damaged as moved_damaged,
    stock_lot.quality_control,
    sums.quality_control as moved_quality_control
from stock_lot
full join sums using (sku, location, lot)
where
    coalesce(stock_lot.on_hand, 0) <> coalesce(sums.on_hand, 0)
    or coalesce(stock_lot.damaged, 0) <> coalesce(sums.damaged, 0)
    or coalesce(stock_lot.quality_control, 0) <> coalesce(sums.quality_control, 0)
union all
select
    legs.sku,
    legs.location,
    null as lot,
    null as on_hand,
    legs.quantity * legs.on_hand as moved_on_hand,
    null as damaged,
    null as moved_damaged,
    null as quality_control,
    null as moved_quality_control
from legs
inner join sku on legs.sku = sku.code and sku.tracking = 'lot'
where legs.lot is null and legs.on_hand <> 0 and legs.shortage_id is null
order by sku, location, lot;
