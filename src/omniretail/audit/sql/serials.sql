-- Serial numbers that are not where the last movement naming them left them, and those that left or
-- came twice in a row. Identities are made under the locks of the serial numbers, and so tell the order.
with steps as (
    select
        movement.sku,
        named.serial,
        movement.type in ('sold', 'shipped', 'handed_over') as gone,
        lag(movement.type in ('sold', 'shipped', 'handed_over')) over one as gone_before,
        lead(movement.id) over one is null as is_last
    from stock_movement as movement
    cross join lateral unnest(movement.serials) as named (serial)
    where
        movement.serials is not null
        and movement.type in ('sold', 'shipped', 'handed_over', 'received', 'returned')
    window one as (partition by movement.sku, named.serial order by movement.id)
),

moved as (
    select
        steps.sku,
        steps.serial,
        bool_or(steps.gone) filter (where steps.is_last) as gone,
        bool_or(steps.gone = steps.gone_before) as twice
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
