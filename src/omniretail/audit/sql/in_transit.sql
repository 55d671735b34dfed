-- Transfers and SKUs whose movements are not what their lines say: what left the source, arrived, was
-- lost on the way, or was found beyond it (by the closed discrepancies); shortfalls that do not explain
-- what is still in transit; movements in transit that are no transfer's or happened elsewhere (those of
-- orders are not asked about: they go by fulfillments); and states that are not what lines and times say.
with moved as (
    select
        movement.document_id as transfer_id,
        movement.sku,
        sum(movement.quantity) filter (where movement.type = 'transfer_shipped') as shipped,
        sum(movement.quantity) filter (
            where movement.type in ('transfer_received', 'transfer_returned')
        ) as arrived,
        sum(movement.quantity) filter (where movement.type = 'transfer_closed') as lost,
        sum(movement.quantity) filter (where movement.type = 'adjusted') as surplus,
        sum(
            movement.quantity
            * ((movement.to_state = 'in_transit')::integer - (movement.from_state = 'in_transit')::integer)
        ) as in_transit,
        bool_or(
            movement.location is distinct from case
                when movement.type in ('transfer_shipped', 'transfer_returned') then transfer.source
                else transfer.destination
            end
        ) as elsewhere
    from stock_movement as movement
    left join transfer on movement.document_id = transfer.id
    where
        (
            'in_transit' in (movement.from_state, movement.to_state)
            and movement.document_type <> 'order'
        )
        or (movement.document_type = 'transfer' and movement.type <> 'counted')
    group by movement.document_id, movement.sku
),

closed as (
    select
        discrepancy.transfer_id,
        discrepancy.line_number,
        sum(discrepancy.quantity) filter (
            where discrepancy.kind = 'over' and discrepancy.resolution = 'found'
        ) as surplus,
        sum(discrepancy.quantity) filter (
            where discrepancy.kind = 'under' and discrepancy.resolution = 'found'
        ) as found,
        sum(discrepancy.quantity) filter (
            where discrepancy.kind = 'under' and discrepancy.resolution = 'lost'
        ) as lost,
        sum(discrepancy.quantity) filter (
            where discrepancy.kind = 'under' and discrepancy.resolution is null
        ) as unexplained
    from transfer_discrepancy as discrepancy
    group by discrepancy.transfer_id, discrepancy.line_number
),

told as (
    select
        line.transfer_id,
        line.sku,
        line.shipped,
        line.received + line.returned + line.found as arrived,
        line.lost,
        line.shipped - line.received - line.returned - line.found - line.lost as in_transit,
        coalesce(closed.surplus, 0) as surplus,
        line.found <> coalesce(closed.found, 0)
        or line.lost <> coalesce(closed.lost, 0)
        or (
            transfer.closed_at is not null
            and line.shipped - line.received - line.returned - line.found - line.lost
            <> coalesce(closed.unexplained, 0)
        )
        or (transfer.closed_at is null and closed.unexplained > 0)
        or line.destination <> transfer.destination as amiss
    from transfer_line as line
    inner join transfer on line.transfer_id = transfer.id
    left join closed on line.transfer_id = closed.transfer_id and line.number = closed.line_number
),

states as (
    select
        transfer.id,
        case
            when
                transfer.closed_at is not null
                and (transfer.shipped_at is null or sum(line.returned) > 0)
                then 'cancelled'
            when transfer.closed_at is not null then 'received'
            when transfer.shipped_at is null then 'draft'
            when sum(line.received) > 0 then 'partially_received'
            else 'shipped'
        end as state,
        transfer.closed_at is null
        and (transfer.shipped_at is not null) <> (
            sum(line.shipped - line.received - line.returned - line.found - line.lost) > 0
        ) as open_for_nothing
    from transfer
    left join transfer_line as line on transfer.id = line.transfer_id
    group by transfer.id
)

select
    transfer_id,
    sku,
    told.in_transit::text as told,
    moved.in_transit::text as moved
from told
full join moved using (transfer_id, sku)
where
    told.transfer_id is null
    or told.amiss
    or moved.elsewhere
    or told.shipped <> coalesce(moved.shipped, 0)
    or told.arrived <> coalesce(moved.arrived, 0)
    or told.lost <> coalesce(moved.lost, 0)
    or told.surplus <> coalesce(moved.surplus, 0)
    or told.in_transit <> coalesce(moved.in_transit, 0)
union all
select
    transfer.id as transfer_id,
    null as sku,
    transfer.state as told,
    states.state as moved
from transfer
inner join states on transfer.id = states.id
where transfer.state <> states.state or states.open_for_nothing
order by transfer_id, sku;
