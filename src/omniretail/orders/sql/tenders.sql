-- The tenders of the orders $1, each with what was given back to it.
select
    tender.order_id,
    tender.number,
    tender.type,
    tender.amount_minor,
    tender.reference,
    coalesce((
        select sum(refund.amount_minor)
        from refund
        where refund.order_id = tender.order_id and refund.tender_number = tender.number
    ), 0)::bigint as refunded_minor
from tender
where tender.order_id = any($1::uuid[])
order by tender.order_id, tender.number;
