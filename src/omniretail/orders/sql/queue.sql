-- Fulfillments at location $1 in state $2, of kind $3 and channel $4 (null: any), the oldest first,
-- behind $5, at most $6.
select
    fulfillment.id,
    fulfillment.order_id
from fulfillment
where
    fulfillment.location = $1::text
    and fulfillment.state = $2::text
    and ($3::text is null or fulfillment.kind = $3::text)
    and (
        $4::text is null
        or exists (
            select 1
            from sales_order
            where sales_order.id = fulfillment.order_id and sales_order.channel = $4::text
        )
    )
    and ($5::uuid is null or fulfillment.id > $5::uuid)
order by fulfillment.id
limit $6::integer;
