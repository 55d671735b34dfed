-- Claims without lines, and lines of no claim; claims that paid back another amount than their units came to,
-- shipping left out; units that came to less, by a minor unit or more, than their share of their line as it
-- is now, or to more than their share of it as sold; claims whose return awaits other goods than those that
-- reached the customer; and replaced units for which nothing came in, or something else, or what came in for
-- others as well. What came in may have been divided since, but never grows.
with line as (
    select
        claim.order_id,
        claim.resolution,
        claim.resolved_at,
        claim.fulfillment_id,
        claim.return_id,
        claim_line.claim_id,
        claim_line.number,
        claim_line.order_line,
        claim_line.sku,
        claim_line.quantity,
        claim_line.kind,
        claim_line.worth_minor,
        claim_line.worth_tax_minor,
        claim_line.replaced_by,
        sold.quantity as sold_quantity,
        sold.total_minor as sold_minor,
        coalesce(sold.adjusted_total_minor, sold.total_minor) as kept_minor,
        coalesce(sold.part_of, sold.line_number) as whole
    from claim_line
    inner join claim on claim_line.claim_id = claim.id
    left join order_line as sold
        on claim.order_id = sold.order_id and claim_line.order_line = sold.line_number
),

came_to as (
    select
        line.claim_id,
        sum(line.worth_minor) as worth_minor,
        coalesce(sum(line.quantity) filter (where line.kind <> 'missing'), 0) as reached
    from line
    group by line.claim_id
),

awaited as (
    select
        claim.id as claim_id,
        count(return_line.return_id) as lines,
        count(line.claim_id) as claimed_lines,
        coalesce(sum(return_line.quantity), 0) as quantity
    from claim
    left join return_line on claim.return_id = return_line.return_id
    left join line
        on
            claim.id = line.claim_id
            and return_line.order_line = line.order_line
            and return_line.sku = line.sku
            and return_line.quantity = line.quantity
            and line.kind <> 'missing'
    where claim.return_id is not null
    group by claim.id
),

came_in as (
    select
        line.claim_id,
        line.number,
        line.replaced_by,
        count(*) over (partition by line.order_id, line.replaced_by) as times,
        fresh.part_of = line.whole
        and fresh.sku = line.sku
        and fresh.quantity <= line.quantity
        and coalesce(fresh.adjusted_total_minor, fresh.total_minor) <= line.worth_minor
        and fulfillment.id is not null as fits
    from line
    left join order_line as fresh
        on line.order_id = fresh.order_id and line.replaced_by = fresh.line_number
    left join fulfillment
        on line.order_id = fulfillment.order_id and line.fulfillment_id = fulfillment.id
    where line.resolution = 'replacement'
)

select
    'lines of no claim' as fault,
    claim_line.claim_id as id
from claim_line
left join claim on claim_line.claim_id = claim.id
where claim.id is null
union all
select
    'refund' as fault,
    claim.id
from claim
left join came_to on claim.id = came_to.claim_id
where
    came_to.claim_id is null
    or (
        claim.refund is not null
        and (claim.refund ->> 'amount_minor')::bigint
        - coalesce((claim.refund ->> 'shipping_minor')::bigint, 0)
        is distinct from came_to.worth_minor
    )
union all
select
    'worth of line ' || line.number as fault,
    line.claim_id as id
from line
where
    line.resolved_at is not null
    and (
        line.sold_quantity is null
        or line.worth_minor::numeric * line.sold_quantity
        not between line.kept_minor::numeric * line.quantity - line.sold_quantity + 1
        and line.sold_minor::numeric * line.quantity + line.sold_quantity - 1
        or line.worth_tax_minor > line.worth_minor
    )
union all
select
    'goods that come back' as fault,
    awaited.claim_id as id
from awaited
inner join came_to on awaited.claim_id = came_to.claim_id
where awaited.lines <> awaited.claimed_lines or awaited.quantity <> came_to.reached
union all
select
    'replacement of line ' || came_in.number as fault,
    came_in.claim_id as id
from came_in
where came_in.times <> 1 or came_in.fits is not true
order by fault, id;
