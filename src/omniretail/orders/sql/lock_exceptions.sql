-- Locks the exceptions $1, in the order of their ids, and returns them.
select
    order_exception.id,
    order_exception.order_id,
    order_exception.fulfillment_id,
    order_exception.kind,
    order_exception.detail,
    order_exception.opened_at,
    order_exception.closed_at,
    order_exception.closed_by,
    order_exception.note
from order_exception
where order_exception.id = any($1::uuid[])
order by order_exception.id
for update;
