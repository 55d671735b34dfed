-- Orders whose tenders, what coins made of them left out, do not sum to their total, less what edits took
-- off and paid with; with a tender that was rounded by a coin or more, or without being cash; or with
-- one that was authorized, of which more or less was taken and let go than its captures say.
with taken as (
    select
        capture.order_id,
        capture.tender_number,
        sum(capture.captured_minor) as captured_minor,
        sum(capture.voided_minor) as voided_minor
    from capture
    group by capture.order_id, capture.tender_number
)

select
    sales_order.number,
    sales_order.total_minor,
    coalesce(sum(tender.amount_minor), 0) as tendered_minor,
    coalesce(sum(tender.rounding_minor), 0) as rounding_minor,
    coalesce(sum(taken.captured_minor), 0) as captured_minor
from sales_order
left join tender on sales_order.id = tender.order_id
left join taken on tender.order_id = taken.order_id and tender.number = taken.tender_number
group by sales_order.id
having
    sales_order.total_minor - sales_order.exchanged_minor
    <> coalesce(sum(tender.amount_minor - tender.rounding_minor), 0)
    or bool_or(
        abs(tender.rounding_minor) >= tender.cash_step_minor
        or (tender.rounding_minor <> 0 and tender.type <> 'cash')
        or tender.voided_minor <> coalesce(taken.voided_minor, 0)
        or (
            (taken.order_id is not null or tender.uncaptured_minor > 0)
            and tender.amount_minor
            <> tender.uncaptured_minor + tender.voided_minor + coalesce(taken.captured_minor, 0)
        )
    )
order by sales_order.number;
