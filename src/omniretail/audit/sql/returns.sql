-- Lines of orders, divided ones as a whole, of which other quantities are returned, came back or were paid
-- back than their returns say, and those claims whose goods no return awaits; returns of orders, or of
-- lines, that do not exist or are of another SKU; units that came back without being graded, or were graded
-- again as what they were not; goods whose movements are not what their returns say, kits by their
-- components; and store credit that returns gave, by the account, of which its entries say another amount.
-- Without an order all of a refund is store credit, and it is what its lines say.
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
        case when return_line.components is null then '' else return_line.sku end as kit,
        part.sku,
        sum(return_line.received_quantity * part.per_unit::integer) as quantity
    from return_line
    cross join
        lateral jsonb_each_text(
            coalesce(return_line.components, jsonb_build_object(return_line.sku, 1))
        ) as part (sku, per_unit)
    group by return_line.return_id, kit, part.sku
),

moved as (
    select
        movement.document_id as return_id,
        coalesce(movement.kit, '') as kit,
        movement.sku,
        sum(movement.quantity) as quantity
    from stock_movement as movement
    where movement.document_type = 'return' and movement.from_state = 'customer'
    group by movement.document_id, coalesce(movement.kit, ''), movement.sku
),

given as (
    select
        sales_return.id as return_id,
        (refunded.one ->> 'account_id')::uuid as account_id,
        sum(
            case
                when sales_return.order_id is null then (refunded.one ->> 'amount_minor')::bigint
                else otherwise.amount_minor
            end
        ) as amount_minor
    from sales_return
    cross join lateral jsonb_array_elements(sales_return.refunds) as refunded (one)
    cross join
        lateral (
            select coalesce(sum(refund.amount_minor), 0) as amount_minor
            from refund
            where
                refund.order_id = sales_return.order_id
                and refund.event_sequence = (refunded.one ->> 'sequence')::integer
                and refund.method = 'store_credit'
        ) as otherwise
    group by sales_return.id, (refunded.one ->> 'account_id')::uuid
),

credited as (
    select
        entry.return_id,
        entry.account_id,
        sum(entry.balance_change_minor) as amount_minor
    from account_entry as entry
    where entry.return_id is not null
    group by entry.return_id, entry.account_id
),

without_order as (
    select
        sales_return.id as return_id,
        sum(line.refunded_minor) as amount_minor,
        bool_or(
            line.refunded_minor is distinct from line.unit_minor * line.refunded_quantity
        ) as is_another
    from sales_return
    inner join return_line as line on sales_return.id = line.return_id
    where sales_return.kind = 'unlinked'
    group by sales_return.id
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
full join moved using (return_id, kit, sku)
where coalesce(come_back.quantity, 0) <> coalesce(moved.quantity, 0)
union all
select
    'store credit' as fault,
    coalesce(given.return_id, credited.return_id) as id
from given
full join credited
    on given.return_id = credited.return_id and given.account_id = credited.account_id
where coalesce(given.amount_minor, 0) <> coalesce(credited.amount_minor, 0)
union all
select
    'amounts of lines' as fault,
    stated.return_id as id
from without_order as stated
left join given on stated.return_id = given.return_id
group by stated.return_id, stated.amount_minor, stated.is_another
having coalesce(sum(given.amount_minor), 0) <> stated.amount_minor or stated.is_another
order by fault, id;
