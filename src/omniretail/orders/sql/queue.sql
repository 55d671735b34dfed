-- Fulfillments in state $2 that are at location $1 or (in transit) on their way there, of kind $3 and channel
-- $4 (null: any), the oldest first, behind $5, at most $6. What is held up waits in a list of its own.
-- An order's channel is a value looked up by its key: what only had to exist could be planned as a read of
-- all orders.
select
    part.id,
    part.order_id
from (
    (
        select
            fulfillment.id,
            fulfillment.order_id
        from fulfillment
        where
            fulfillment.location = $1::text
            and fulfillment.state = $2::text
            and fulfillment.holds is null
            and ($3::text is null or fulfillment.kind = $3::text)
            and fulfillment.id > coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
            and (
                $4::text is null
                or (
                    select sales_order.channel from sales_order
                    where sales_order.id = fulfillment.order_id
                )
                = $4::text
            )
        order by fulfillment.id
        limit $6::integer
    )
    union all
    (
        select
            fulfillment.id,
            fulfillment.order_id
        from fulfillment
        where
            fulfillment.destination = $1::text
            and fulfillment.state = $2::text
            and fulfillment.state = 'in_transit'
            and ($3::text is null or fulfillment.kind = $3::text)
            and fulfillment.id > coalesce($5::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
            and (
                $4::text is null
                or (
                    select sales_order.channel from sales_order
                    where sales_order.id = fulfillment.order_id
                )
                = $4::text
            )
        order by fulfillment.id
        limit $6::integer
    )
) as part
order by part.id
limit $6::integer;
