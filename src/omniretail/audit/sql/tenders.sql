-- Orders whose tenders do not sum to their total.
select
    sales_order.number,
    sales_order.total_minor,
    coalesce(sum(tender.amount_minor), 0) as tendered_minor
from sales_order
left join tender on sales_order.id = tender.order_id
group by sales_order.id
having sales_order.total_minor <> coalesce(sum(tender.amount_minor), 0)
order by sales_order.number;
