-- The returns $1.
select
    sales_return.id,
    sales_return.number,
    sales_return.kind,
    sales_return.order_id,
    sales_return.channel,
    sales_return.location,
    sales_return.customer,
    sales_return.currency,
    sales_return.requested_at,
    sales_return.requested_by,
    sales_return.approved_at,
    sales_return.approved_by,
    sales_return.cancelled_at,
    sales_return.note,
    sales_return.override,
    sales_return.refunds,
    sales_return.account_id,
    sales_return.exchange,
    sales_return.unlinked_count,
    sales_return.version
from sales_return
where sales_return.id = any($1::uuid[]);
