-- Fulfillments at location $1 that something holds up, of kind $2 and channel $3 (null: any), the oldest
-- first, behind $4, at most $5.
select
    fulfillment.id,
    fulfillment.order_id
from fulfillment
where
    fulfillment.location = $1::text
    and fulfillment.holds is not null
    and ($2::text is null or fulfillment.kind = $2::text)
    and ($4::uuid is null or fulfillment.id > $4::uuid)
    and (
        $3::text is null
        or exists (
            select 1
            from sales_order
            where sales_order.id = fulfillment.order_id and sales_order.channel = $3::text
        )
    )
order by fulfillment.id
limit $5::integer;
