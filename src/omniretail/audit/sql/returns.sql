-- Lines of orders, divided ones as a whole, of which other quantities are returned, came back or were paid
-- back than their returns say, and those claims whose goods no return awaits; returns of orders, or of
-- lines, that do not exist or are of another SKU; units that came back without being graded, or were graded
-- again as what they were not; and goods whose movements are not what their returns say, kits by their
-- components.
with brought as (
    select
        sales_return.order_id,
        return_line.order_line,
        return_line.sku,
        return_line.quantity - return_line.cancelled_quantity as returned,
        return_line.received_quantity as received,
        return_line.refunded_quantity as refunded
    from sales_return
    inner join return_line on sales_return.id = return_line.return_id
    where sales_return.order_id is not null
    union all
    select
        claim.order_id,
        claim_line.order_line,
        claim_line.sku,
        claim_line.quantity as returned,
        0 as received,
        case when claim.resolved_at is null then 0 else claim_line.quantity end as refunded
    from claim
    inner join claim_line on claim.id = claim_line.claim_id
    where claim.denied_at is null and (claim.return_id is null or claim_line.kind = 'missing')
),

agreed as (
    select
        brought.order_id,
        coalesce(line.part_of, brought.order_line) as line_number,
        bool_or(line.sku is distinct from brought.sku) as is_another,
        sum(brought.returned) as returned,
        sum(brought.received) as received,
        sum(brought.refunded) as refunded
    from brought
    left join order_line as line
        on brought.order_id = line.order_id and brought.order_line = line.line_number
    group by brought.order_id, coalesce(line.part_of, brought.order_line)
),

stated as (
    select
        line.order_id,
        coalesce(line.part_of, line.line_number) as line_number,
        sum(line.returned_quantity) as returned,
        sum(line.received_quantity) as received,
        sum(line.refunded_quantity) as refunded
    from order_line as line
    group by line.order_id, coalesce(line.part_of, line.line_number)
    having sum(line.returned_quantity) > 0
),

graded as (
    select
        grading.return_id,
        grading.line_number,
        way.disposition,
        sum(way.change) as quantity
    from return_grading as grading
    cross join
        lateral (
            values (grading.to_disposition, grading.quantity), (grading.from_disposition, -grading.quantity)
        ) as way (disposition, change)
    group by grading.return_id, grading.line_number, way.disposition
),

come_back as (
    select
        return_line.return_id,
        part.sku,
        sum(return_line.received_quantity * part.per_unit::integer) as quantity
    from return_line
    cross join
        lateral jsonb_each_text(
            coalesce(return_line.components, jsonb_build_object(return_line.sku, 1))
        ) as part (sku, per_unit)
    group by return_line.return_id, part.sku
),

moved as (
    select
        movement.document_id as return_id,
        movement.sku,
        sum(movement.quantity) as quantity
    from stock_movement as movement
    where movement.document_type = 'return' and movement.from_state = 'customer'
    group by movement.document_id, movement.sku
)

select
    'quantities of line ' || line_number as fault,
    order_id as id
from agreed
full join stated using (order_id, line_number)
where
    coalesce(agreed.returned, 0) <> coalesce(stated.returned, 0)
    or coalesce(agreed.received, 0) <> coalesce(stated.received, 0)
    or coalesce(agreed.refunded, 0) <> coalesce(stated.refunded, 0)
    or coalesce(agreed.is_another, false)
union all
select
    'lines of no return' as fault,
    return_line.return_id as id
from return_line
left join sales_return on return_line.return_id = sales_return.id
where sales_return.id is null
union all
select
    'grading of line ' || line_number as fault,
    return_id as id
from graded
full join (
    select
        return_line.return_id,
        return_line.number as line_number,
        return_line.received_quantity
    from return_line
) as line using (return_id, line_number)
group by return_id, line_number
having
    coalesce(-sum(graded.quantity) filter (where graded.disposition is null), 0)
    <> coalesce(max(line.received_quantity), 0)
    or min(graded.quantity) filter (where graded.disposition is not null) < 0
union all
select
    'movements of ' || sku as fault,
    return_id as id
from come_back
full join moved using (return_id, sku)
where coalesce(come_back.quantity, 0) <> coalesce(moved.quantity, 0)
order by fault, id;
