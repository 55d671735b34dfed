-- What providers have to do, did or declined for the orders $1, in the order in which it was asked for.
with found as materialized (
    select
        operation.id,
        operation.payment_id,
        operation.order_id,
        operation.tender_number,
        operation.kind,
        operation.amount_minor,
        operation.state,
        operation.attempts,
        operation.failure,
        operation.created_at,
        operation.done_at
    from payment_operation as operation
    where operation.order_id = any($1::uuid[])
)

select
    found.id,
    found.payment_id,
    found.order_id,
    found.tender_number,
    found.kind,
    found.amount_minor,
    found.state,
    found.attempts,
    found.failure,
    found.created_at,
    found.done_at
from found
order by found.id;
