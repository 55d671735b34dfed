-- Of the orders $1: which locations rejected which SKUs and may not have them back at $2.
select distinct
    rejection.order_id,
    rejection.sku,
    rejection.location
from rejection
where
    rejection.order_id = any($1::uuid[])
    and rejection.barred_until > $2::timestamptz;
