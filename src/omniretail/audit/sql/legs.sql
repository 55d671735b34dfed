-- SKUs whose accounts, inside and outside, do not sum to 0: what stands on the shelves by the levels,
-- and what went to and came from suppliers, customers and shrinkage by the movements.
with legs as (
    select
        movement.sku,
        (
            (movement.to_state in ('supplier', 'customer', 'shrinkage', 'in_transit'))::integer
            - (movement.from_state in ('supplier', 'customer', 'shrinkage', 'in_transit'))::integer
        ) * movement.quantity::bigint as quantity
    from stock_movement as movement
    union all
    select
        level.sku,
        level.on_hand::bigint as quantity
    from stock_level as level
)

select
    legs.sku,
    sum(legs.quantity) as left_over
from legs
group by legs.sku
having sum(legs.quantity) <> 0
order by legs.sku;
