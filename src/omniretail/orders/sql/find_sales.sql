-- Sales, the latest first, at most $10: the orders $1, of e-mail address $2, of customer $3, paid by the card
-- of token $4 (one of these is given), with SKU $5 by itself or in a kit, placed from $6 on and before $7,
-- with an identity from $8 on and before $9; null: any. The first that is given leads: its index is read
-- backwards, no further than to the last sale that is wanted. What only has to exist is a value looked up
-- by its order's key: it could be planned as a read of all orders.
select
    found.id,
    found.number,
    found.placed_at,
    found.channel,
    found.location,
    found.currency,
    bought.lines,
    paid.tenders
from (
    select
        lead.id,
        sale.number,
        sale.placed_at,
        sale.channel,
        sale.location,
        sale.currency
    from (
        (
            select named.id
            from unnest($1::uuid[]) as named (id)
            where named.id >= $8::uuid and named.id < $9::uuid
            order by named.id desc
        )
        union all
        (
            select sales_order.id
            from sales_order
            where
                $1::uuid[] is null
                and sales_order.email = $2::text
                and sales_order.id >= $8::uuid
                and sales_order.id < $9::uuid
            order by sales_order.id desc
        )
        union all
        (
            select sales_order.id
            from sales_order
            where
                $1::uuid[] is null
                and $2::text is null
                and sales_order.customer = $3::text
                and sales_order.id >= $8::uuid
                and sales_order.id < $9::uuid
            order by sales_order.id desc
        )
        union all
        (
            select distinct tender.order_id as id
            from tender
            where
                $1::uuid[] is null
                and $2::text is null
                and $3::text is null
                and tender.card_token = $4::text
                and tender.order_id >= $8::uuid
                and tender.order_id < $9::uuid
            order by tender.order_id desc
        )
    ) as lead
    cross join
        lateral (
            select sales_order.*
            from sales_order
            where
                sales_order.id = lead.id
                and ($2::text is null or sales_order.email = $2::text)
                and ($3::text is null or sales_order.customer = $3::text)
                and (
                    $4::text is null
                    or (
                        select true
                        from tender
                        where tender.order_id = lead.id and tender.card_token = $4::text
                        limit 1
                    )
                )
                and (
                    $5::text is null
                    or (
                        select true
                        from order_line
                        where
                            order_line.order_id = lead.id
                            and (
                                order_line.sku = $5::text
                                or order_line.components -> $5::text is not null
                            )
                        limit 1
                    )
                )
                and sales_order.placed_at >= $6::timestamptz
                and ($7::timestamptz is null or sales_order.placed_at < $7::timestamptz)
            limit 1
        ) as sale
    order by lead.id desc
    limit $10::integer
) as found
cross join
    lateral (
        select
            json_agg(
                json_build_object(
                    'number', order_line.line_number,
                    'sku', order_line.sku,
                    'quantity', order_line.quantity,
                    'fulfilled_quantity', order_line.fulfilled_quantity,
                    'cancelled_quantity', order_line.cancelled_quantity,
                    'returned_quantity', order_line.returned_quantity,
                    'refunded_quantity', order_line.refunded_quantity,
                    'worth_minor', coalesce(order_line.adjusted_total_minor, order_line.total_minor)
                )
                order by order_line.line_number
            ) as lines
        from order_line
        where order_line.order_id = found.id
    ) as bought
cross join
    lateral (
        select
            coalesce(
                json_agg(
                    json_build_object('type', tender.type, 'amount_minor', tender.amount_minor)
                    order by tender.number
                ),
                '[]'
            ) as tenders
        from tender
        where tender.order_id = found.id
    ) as paid
order by found.id desc;
