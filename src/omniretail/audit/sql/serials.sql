-- Serial numbers that are not where the last movement naming them left them, and those that a movement took
-- from where the one before had not left them, as if they left or came twice in a row. A unit is here in one
-- of the states on hand, and gone in any other. Identities are made under the locks of the serial numbers,
-- and so tell the order.
with steps as (
    select
        movement.sku,
        named.serial,
        movement.from_state in ('supplier', 'customer', 'shrinkage') as was_gone,
        movement.to_state in ('customer', 'shrinkage') as gone,
        lag(movement.to_state in ('customer', 'shrinkage')) over one as gone_before,
        lead(movement.id) over one is null as is_last
    from stock_movement as movement
    cross join lateral unnest(movement.serials) as named (serial)
    where
        movement.serials is not null
        and (
            movement.type in (
                'sold', 'shipped', 'handed_over', 'received', 'returned', 'unlinked_return'
            )
            or (movement.type = 'set_aside' and 'shrinkage' in (movement.from_state, movement.to_state))
        )
    window one as (partition by movement.sku, named.serial order by movement.id)
),

moved as (
    select
        steps.sku,
        steps.serial,
        bool_or(steps.gone) filter (where steps.is_last) as gone,
        bool_or(steps.was_gone <> steps.gone_before) as twice
    from steps
    group by steps.sku, steps.serial
)

select
    sku,
    serial,
    stock_serial.state,
    moved.gone as moved_gone,
    coalesce(moved.twice, false) as twice_in_a_row
from stock_serial
full join moved using (sku, serial)
where
    (stock_serial.state = 'gone') is distinct from moved.gone
    or moved.twice
order by sku, serial;
