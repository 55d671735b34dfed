-- Parts of orders that do not exist, or of fulfillments, tenders and lines that do not.
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
union all
select
    'capture' as part,
    capture.order_id
from capture
left join tender on capture.order_id = tender.order_id and capture.tender_number = tender.number
where tender.order_id is null
union all
select
    'parcel' as part,
    parcel.order_id
from parcel
left join fulfillment on parcel.fulfillment_id = fulfillment.id and parcel.order_id = fulfillment.order_id
where fulfillment.id is null
union all
select
    'rejection' as part,
    rejection.order_id
from rejection
left join fulfillment
    on rejection.fulfillment_id = fulfillment.id and rejection.order_id = fulfillment.order_id
where fulfillment.id is null
union all
select
    'exception' as part,
    order_exception.order_id
from order_exception
left join sales_order on order_exception.order_id = sales_order.id
where sales_order.id is null
union all
select
    'divided line' as part,
    line.order_id
from order_line as line
left join order_line as whole on line.order_id = whole.order_id and line.part_of = whole.line_number
where
    line.part_of is not null
    and (whole.order_id is null or whole.sku <> line.sku or whole.unit_price_minor <> line.unit_price_minor)
order by part, order_id;
