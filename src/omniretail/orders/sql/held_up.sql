-- Fulfillments at location $1 that something holds up, of kind $2 and channel $3 (null: any), the oldest
-- first, behind $4, at most $5.
-- An order's channel is a value looked up by its key: what only had to exist could be planned as a read of
-- all orders.
select
    fulfillment.id,
    fulfillment.order_id
from fulfillment
where
    fulfillment.location = $1::text
    and fulfillment.holds is not null
    and ($2::text is null or fulfillment.kind = $2::text)
    and fulfillment.id > coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    and (
        $3::text is null
        or (
            select sales_order.channel from sales_order
            where sales_order.id = fulfillment.order_id
        )
        = $3::text
    )
order by fulfillment.id
limit $5::integer;
