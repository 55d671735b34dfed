-- Parts of orders that do not exist, or of fulfillments and tenders that do not.
select
    'line' as part,
    line.order_id
from order_line as line
left join fulfillment
    on line.order_id = fulfillment.order_id and line.fulfillment_number = fulfillment.number
where fulfillment.id is null
union all
select
    'fulfillment' as part,
    fulfillment.order_id
from fulfillment
left join sales_order on fulfillment.order_id = sales_order.id
where sales_order.id is null
union all
select
    'tender' as part,
    tender.order_id
from tender
left join sales_order on tender.order_id = sales_order.id
where sales_order.id is null
union all
select
    'refund' as part,
    refund.order_id
from refund
left join tender on refund.order_id = tender.order_id and refund.tender_number = tender.number
where tender.order_id is null
order by part, order_id;
