-- What stands at each place: of a SKU tracked by lot a row for each lot of which something is there, of
-- all others one. What the level as a whole promises, or suspects, stands beside the first lot; where a
-- level and its lots differ, or no lot is there, a row without a lot says the rest.
select
    level.sku,
    level.location,
    coalesce(there.on_hand, level.on_hand) as quantity,
    there.lot,
    there.expires_on,
    coalesce(there.damaged, level.damaged) as damaged,
    coalesce(there.quality_control, level.quality_control) as quality_control,
    case when coalesce(there.number, 1) = 1 then level.allocated else 0 end as allocated,
    case when coalesce(there.number, 1) = 1 then level.held else 0 end as held,
    level.safety_stock,
    case when coalesce(there.number, 1) = 1 then level.suspected else 0 end as suspected,
    to_char(level.moved_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as moved_at,
    to_char(level.counted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as counted_at
from stock_level as level
inner join sku on level.sku = sku.code
left join lateral (
    select
        lot.lot,
        lot.expires_on,
        lot.on_hand,
        lot.damaged,
        lot.quality_control,
        row_number() over (order by lot.lot nulls last) as number
    from (
        select
            stock_lot.lot,
            stock_lot.expires_on,
            stock_lot.on_hand,
            stock_lot.damaged,
            stock_lot.quality_control
        from stock_lot
        where
            stock_lot.sku = level.sku
            and stock_lot.location = level.location
            and stock_lot.on_hand > 0
        union all
        select
            null as lot,
            null as expires_on,
            level.on_hand - sum(stock_lot.on_hand)::integer as on_hand,
            0 as damaged,
            0 as quality_control
        from stock_lot
        where stock_lot.sku = level.sku and stock_lot.location = level.location
        having level.on_hand <> sum(stock_lot.on_hand)
    ) as lot
) as there on sku.tracking = 'lot'
order by level.sku, level.location, there.lot;
