-- Orders whose tenders, what coins made of them left out, do not sum to their total; and orders with a tender
-- that was rounded by a coin or more, or without being cash.
select
    sales_order.number,
    sales_order.total_minor,
    coalesce(sum(tender.amount_minor), 0) as tendered_minor,
    coalesce(sum(tender.rounding_minor), 0) as rounding_minor
from sales_order
left join tender on sales_order.id = tender.order_id
group by sales_order.id
having
    sales_order.total_minor <> coalesce(sum(tender.amount_minor - tender.rounding_minor), 0)
    or bool_or(
        abs(tender.rounding_minor) >= tender.cash_step_minor
        or (tender.rounding_minor <> 0 and tender.type <> 'cash')
    )
order by sales_order.number;
