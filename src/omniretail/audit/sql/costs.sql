-- Costs whose average does not follow from the one before at their place, or is in another currency;
-- and those that are not of a movement that brought so many there. Identities are made under the locks
-- of the levels, and so tell the order.
with steps as (
    select
        cost.movement_id,
        cost.sku,
        cost.location,
        cost.quantity,
        cost.currency,
        cost.average,
        case
            when cost.on_hand_before <= 0 or lag(cost.average) over place is null
                then cost.unit_cost
            else
                (
                    lag(cost.average) over place * cost.on_hand_before
                    + cost.unit_cost * cost.quantity
                ) / (cost.on_hand_before::numeric + cost.quantity)
        end as expected_average,
        coalesce(lag(cost.currency) over place, cost.currency) as expected_currency
    from stock_cost as cost
    window place as (partition by cost.sku, cost.location order by cost.movement_id)
)

select
    steps.movement_id,
    steps.sku,
    steps.location,
    steps.average,
    round(steps.expected_average, 6) as expected_average,
    steps.currency,
    steps.expected_currency,
    steps.quantity,
    movement.quantity as moved_quantity
from steps
left join stock_movement as movement
    on
        steps.movement_id = movement.id
        and steps.sku = movement.sku
        and steps.location = movement.location
where
    abs(steps.average - steps.expected_average) > 0.000001
    or steps.currency <> steps.expected_currency
    or steps.quantity is distinct from movement.quantity
order by steps.sku, steps.location, steps.movement_id;
