-- Makes the payments $1 pay for the orders $2, as their tenders numbered $3; their rows are locked.
update payment
set
    state = 'used',
    order_id = tender.order_id,
    tender_number = tender.number
from unnest($1::uuid[], $2::uuid[], $3::integer[]) as tender (id, order_id, number)
where
    payment.id = tender.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and payment.id = any($1::uuid[]);
