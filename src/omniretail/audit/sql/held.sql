-- Levels whose held differs from the open lines of holds there, and open lines of holds that are
-- resolved or do not exist. A line is open until it is closed, also where its time has come: expired
-- lines are closed when somebody next comes to their place.
with promised as (
    select
        line.sku,
        line.location,
        sum(line.quantity) as quantity
    from hold_line as line
    where line.closed_at is null
    group by line.sku, line.location
)

select
    sku,
    location,
    level.held,
    promised.quantity as lines_held,
    null::uuid as hold_id
from stock_level as level
full join promised using (sku, location)
where coalesce(level.held, 0) <> coalesce(promised.quantity, 0)
union all
select
    line.sku,
    line.location,
    null as held,
    line.quantity as lines_held,
    line.hold_id
from hold_line as line
left join hold on line.hold_id = hold.id
where
    line.closed_at is null
    and line.quantity > 0
    and (hold.id is null or hold.released_at is not null or hold.order_id is not null)
order by sku, location, hold_id;
