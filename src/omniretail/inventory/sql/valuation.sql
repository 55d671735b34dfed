-- What the goods at places of SKU $2 and location $3, where given, are worth: those that have any, after
-- the place ($4 SKU, $5 location), by place, at most $6; as of $1, or now. Nothing is recorded before it
-- happens: only what was recorded after $1 can have happened after it. Identities are made under the locks
-- of the levels, and so tell the order of receipts. Half a minor unit goes to the even one.
with changed as (
    select
        movement.sku,
        movement.location,
        sum(
            movement.quantity * (
                (movement.to_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
                - (movement.from_state in ('available', 'allocated', 'damaged', 'quality_control'))::integer
            )
        ) as on_hand
    from stock_movement as movement
    where
        $1::timestamptz is not null
        and movement.recorded_at > $1::timestamptz
        and movement.occurred_at > $1::timestamptz
        and ($2::text is null or movement.sku = $2::text)
        and ($3::text is null or movement.location = $3::text)
    group by movement.sku, movement.location
),

told_late as (
    select distinct on (cost.sku, cost.location)
        cost.sku,
        cost.location,
        cost.average,
        cost.currency
    from stock_movement as movement
    inner join stock_cost as cost on movement.id = cost.movement_id
    where
        $1::timestamptz is not null
        and movement.recorded_at > $1::timestamptz
        and movement.occurred_at <= $1::timestamptz
        and ($2::text is null or movement.sku = $2::text)
        and ($3::text is null or movement.location = $3::text)
    order by cost.sku asc, cost.location asc, cost.movement_id desc
),

valued as (
    select
        level.sku,
        level.location,
        level.on_hand - coalesce(changed.on_hand, 0) as on_hand,
        coalesce(told_late.average, told.average) as unit_cost,
        coalesce(told_late.currency, told.currency) as currency
    from stock_level as level
    left join changed on level.sku = changed.sku and level.location = changed.location
    left join told_late on level.sku = told_late.sku and level.location = told_late.location
    left join lateral (
        select
            cost.average,
            cost.currency
        from stock_cost as cost
        where
            cost.sku = level.sku
            and cost.location = level.location
            and ($1::timestamptz is null or cost.recorded_at <= $1::timestamptz)
        order by cost.movement_id desc
        limit 1
    ) as told on true
    where
        ($2::text is null or level.sku = $2::text)
        and ($3::text is null or level.location = $3::text)
        and (level.sku, level.location) > ($4::text, $5::text)
        and level.on_hand <> coalesce(changed.on_hand, 0)
)

select
    valued.sku,
    valued.location,
    valued.on_hand::bigint as on_hand,
    trim_scale(valued.unit_cost) as unit_cost_minor,
    valued.currency,
    case
        when abs(valued.on_hand * valued.unit_cost) % 1 = 0.5
            then 2 * round(valued.on_hand * valued.unit_cost * 0.5)
        else round(valued.on_hand * valued.unit_cost)
    end as value_minor
from valued
order by valued.sku, valued.location
limit $6::integer;
