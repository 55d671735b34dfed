-- Counts whose variance differs from the sum of their movements, movements of counts that do not
-- exist, and places (or lots) where the movements up to the last count's moment do not sum to what was
-- counted; of counts of one moment one must fit.
with moved as (
    select
        movement.id,
        movement.sku,
        movement.location,
        coalesce(movement.lot, '') as lot,
        movement.occurred_at,
        case when movement.type = 'counted' then coalesce(movement.corrects, movement.id) end
            as count_id,
        movement.quantity * (
            (movement.to_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
            - (movement.from_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
        ) as change
    from stock_movement as movement
),

variances as (
    select
        moved.count_id,
        sum(moved.change) as change
    from moved
    where moved.count_id is not null
    group by moved.count_id
),

last_counts as (
    select
        stock_count.sku,
        stock_count.location,
        coalesce(stock_count.lot, '') as lot,
        max(stock_count.occurred_at) as occurred_at
    from stock_count
    group by stock_count.sku, stock_count.location, coalesce(stock_count.lot, '')
),

figures as (
    select
        last_counts.sku,
        last_counts.location,
        last_counts.lot,
        last_counts.occurred_at,
        coalesce(sum(moved.change), 0) as figure
    from last_counts
    left join moved
        on
            last_counts.sku = moved.sku
            and last_counts.location = moved.location
            and last_counts.lot = moved.lot
            and last_counts.occurred_at >= moved.occurred_at
    group by last_counts.sku, last_counts.location, last_counts.lot, last_counts.occurred_at
)

select
    coalesce(stock_count.id, variances.count_id) as count_id,
    stock_count.sku,
    stock_count.location,
    stock_count.lot,
    'variance' as figure,
    stock_count.variance::bigint as stated,
    variances.change as moved
from stock_count
full join variances on stock_count.id = variances.count_id
where stock_count.id is null or stock_count.variance <> coalesce(variances.change, 0)
union all
select
    null as count_id,
    figures.sku,
    figures.location,
    nullif(figures.lot, '') as lot,
    'on_hand' as figure,
    max(stock_count.quantity) as stated,
    figures.figure as moved
from figures
inner join stock_count
    on
        figures.sku = stock_count.sku
        and figures.location = stock_count.location
        and figures.lot = coalesce(stock_count.lot, '')
        and figures.occurred_at = stock_count.occurred_at
group by figures.sku, figures.location, figures.lot, figures.figure
having not bool_or(stock_count.quantity = figures.figure)
order by sku, location, lot, count_id;
