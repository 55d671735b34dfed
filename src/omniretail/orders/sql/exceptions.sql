-- Exceptions of orders of channel $1 (null: any) that locations $2 (null: any) placed or serve, only open
-- ones where $3, the oldest first, behind $4, at most $5; each with its order's number.
select
    exceptional.id,
    exceptional.order_id,
    exceptional.order_number,
    exceptional.fulfillment_id,
    exceptional.kind,
    exceptional.detail,
    exceptional.opened_at,
    exceptional.closed_at,
    exceptional.closed_by,
    exceptional.note
from (
    -- Those that are open have an index of their own, and most are closed.
    (
        select
            order_exception.*,
            placed.number as order_number
        from order_exception
        cross join
            lateral (
                select
                    sales_order.number,
                    sales_order.channel,
                    sales_order.location
                from sales_order
                where sales_order.id = order_exception.order_id
                limit 1
            ) as placed
        where
            $3::boolean
            and order_exception.closed_at is null
            and order_exception.id > coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
            and ($1::text is null or placed.channel = $1::text)
            and (
                $2::text[] is null
                or placed.location = any($2::text[])
                or exists (
                    select 1
                    from fulfillment
                    where
                        fulfillment.order_id = order_exception.order_id
                        and array[fulfillment.location, fulfillment.source, fulfillment.destination]
                        && $2::text[]
                )
            )
        order by order_exception.id
        limit $5::integer
    )
    union all
    (
        select
            order_exception.*,
            placed.number as order_number
        from order_exception
        cross join
            lateral (
                select
                    sales_order.number,
                    sales_order.channel,
                    sales_order.location
                from sales_order
                where sales_order.id = order_exception.order_id
                limit 1
            ) as placed
        where
            not $3::boolean
            and order_exception.id > coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
            and ($1::text is null or placed.channel = $1::text)
            and (
                $2::text[] is null
                or placed.location = any($2::text[])
                or exists (
                    select 1
                    from fulfillment
                    where
                        fulfillment.order_id = order_exception.order_id
                        and array[fulfillment.location, fulfillment.source, fulfillment.destination]
                        && $2::text[]
                )
            )
        order by order_exception.id
        limit $5::integer
    )
) as exceptional
order by exceptional.id
limit $5::integer;
