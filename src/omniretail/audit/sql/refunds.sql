-- Orders whose refunds differ from the price of what was cancelled, or exceed one of their tenders.
with cancelled as (
    select
        line.order_id,
        sum(line.unit_price_minor * line.cancelled_quantity) as amount_minor
    from order_line as line
    where line.cancelled_quantity > 0
    group by line.order_id
),

given_back as (
    select
        refund.order_id,
        refund.tender_number,
        sum(refund.amount_minor) as amount_minor
    from refund
    group by refund.order_id, refund.tender_number
),

judged as (
    select
        given_back.order_id,
        sum(given_back.amount_minor) as amount_minor,
        bool_or(given_back.amount_minor > coalesce(tender.amount_minor, 0)) as above_tender
    from given_back
    left join tender
        on
            given_back.order_id = tender.order_id
            and given_back.tender_number = tender.number
    group by given_back.order_id
)

select
    order_id,
    coalesce(cancelled.amount_minor, 0) as cancelled_minor,
    coalesce(judged.amount_minor, 0) as refunded_minor,
    coalesce(judged.above_tender, false) as above_tender
from cancelled
full join judged using (order_id)
where
    coalesce(cancelled.amount_minor, 0) <> coalesce(judged.amount_minor, 0)
    or judged.above_tender
order by order_id;
