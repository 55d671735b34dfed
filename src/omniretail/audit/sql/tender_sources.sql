-- Orders whose gift cards, store credit or authorizations say something else than their tenders do: each
-- tender, less what its account or its provider was told for it, comes to nothing. A capture that the
-- provider declined counts until the order was told; then the tender may say so too, but for what was
-- given back of it since. So does a declined refund, unless there was nothing that could be given back. What
-- went back by another method is no affair of theirs.
with told as (
    select
        tender.order_id,
        tender.number as tender_number,
        coalesce(tender.account_id, tender.payment_id) as source_id,
        tender.amount_minor as promised_minor,
        tender.amount_minor - tender.uncaptured_minor - tender.voided_minor as captured_minor,
        tender.voided_minor,
        0 as refunded_minor,
        0 as declined_minor,
        0 as unrefundable_minor
    from tender
    where tender.account_id is not null or tender.payment_id is not null
    union all
    select
        refund.order_id,
        refund.tender_number,
        coalesce(tender.account_id, tender.payment_id) as source_id,
        0 as promised_minor,
        0 as captured_minor,
        0 as voided_minor,
        refund.amount_minor as refunded_minor,
        0 as declined_minor,
        0 as unrefundable_minor
    from refund
    inner join tender on refund.order_id = tender.order_id and refund.tender_number = tender.number
    where (tender.account_id is not null or tender.payment_id is not null) and refund.method is null
    union all
    select
        entry.order_id,
        entry.tender_number,
        entry.account_id as source_id,
        case entry.type when 'held' then -entry.held_change_minor else 0 end as promised_minor,
        case entry.type when 'committed' then entry.held_change_minor else 0 end as captured_minor,
        case entry.type when 'voided' then entry.held_change_minor else 0 end as voided_minor,
        case entry.type when 'refunded' then -entry.balance_change_minor else 0 end as refunded_minor,
        0 as declined_minor,
        0 as unrefundable_minor
    from account_entry as entry
    where entry.order_id is not null
    union all
    select
        payment.order_id,
        payment.tender_number,
        payment.id as source_id,
        -payment.amount_minor as promised_minor,
        0 as captured_minor,
        0 as voided_minor,
        0 as refunded_minor,
        0 as declined_minor,
        0 as unrefundable_minor
    from payment
    where payment.order_id is not null
    union all
    select
        operation.order_id,
        operation.tender_number,
        operation.payment_id as source_id,
        0 as promised_minor,
        case when operation.kind = 'capture' and not told.declined then -operation.amount_minor else 0 end
            as captured_minor,
        case operation.kind when 'void' then -operation.amount_minor else 0 end as voided_minor,
        case when operation.kind = 'refund' and not told.declined then -operation.amount_minor else 0 end
            as refunded_minor,
        case when operation.kind = 'capture' and told.declined then operation.amount_minor else 0 end
            as declined_minor,
        case
            when operation.kind = 'refund' and told.declined and told.taken_minor < operation.amount_minor
                then operation.amount_minor
            else 0
        end as unrefundable_minor
    from payment_operation as operation
    cross join
        lateral (
            select
                operation.state = 'failed' and operation.told_at is not null as declined,
                coalesce(sum(
                    case other.kind when 'capture' then other.amount_minor else -other.amount_minor end
                ), 0) as taken_minor
            from payment_operation as other
            where
                other.payment_id = operation.payment_id
                and other.kind in ('capture', 'refund')
                and other.state = 'done'
        ) as told
    where operation.order_id is not null
)

select
    sales_order.number,
    told.tender_number,
    sum(told.promised_minor) as promised_minor,
    sum(told.captured_minor) as captured_minor,
    sum(told.voided_minor) as voided_minor,
    sum(told.refunded_minor) as refunded_minor
from told
inner join sales_order on told.order_id = sales_order.id
group by sales_order.id, told.tender_number, told.source_id
having
    sum(told.promised_minor) <> 0
    or sum(told.captured_minor) not between 0 and sum(told.declined_minor)
    or sum(told.voided_minor) <> 0
    or sum(told.refunded_minor) not between 0 and sum(told.unrefundable_minor)
order by sales_order.number, told.tender_number;
