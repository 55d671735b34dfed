-- The active customers among $1 (null: any) behind $2, at most $3, of whom all holds that is not null: they
-- ordered in one of the channels $4, in all of $5, since $6, and not since $7; in the currency $8 they spent
-- since $9 at least $10 and at most $11; since $12 they placed at least $13 and at most $14 orders; they
-- are of one of the tiers $15, of one of the groups $16, and consent to all of the purposes $17. Customers
-- are walked by their ids; each one's orders are found by index. Orders of which all was cancelled do not
-- count.
select customer.id
from customer
cross join
    lateral (
        select array_agg(named.reference) as names
        from (
            select person.id::text as reference
            from customer as person
            where person.id = customer.id or person.merged_into = customer.id
            union all
            select part.value
            from customer_identity as part
            where part.customer_id = customer.id and part.kind in ('external_id', 'loyalty_card')
        ) as named
    ) as known
where
    customer.status = 'active'
    and ($1::uuid[] is null or customer.id = any($1::uuid[]))
    and ($2::uuid is null or customer.id > $2::uuid)
    and ($16::text[] is null or customer.customer_groups && $16::text[])
    and (
        $17::text[] is null
        or not exists (
            select 1
            from unnest($17::text[]) as wanted (purpose)
            where
                not coalesce(
                    (
                        select consent.granted
                        from customer_consent as consent
                        where consent.customer_id = customer.id and consent.purpose = wanted.purpose
                        order by consent.decided_at desc, consent.id desc
                        limit 1
                    ),
                    false
                )
        )
    )
    and (
        $15::text[] is null
        or exists (
            select 1
            from loyalty_member as member
            inner join loyalty_account as account on member.account_id = account.id
            where member.customer_id = customer.id and account.tier = any($15::text[])
        )
    )
    and (
        $4::text[] is null
        or exists (
            select 1
            from sales_order as sale
            where
                sale.customer = any(known.names)
                and sale.channel = any($4::text[])
                and exists (
                    select 1
                    from order_line as line
                    where line.order_id = sale.id and line.cancelled_quantity < line.quantity
                )
        )
    )
    and (
        $5::text[] is null
        or not exists (
            select 1
            from unnest($5::text[]) as wanted (channel)
            where
                not exists (
                    select 1
                    from sales_order as sale
                    where
                        sale.customer = any(known.names)
                        and sale.channel = wanted.channel
                        and exists (
                            select 1
                            from order_line as line
                            where line.order_id = sale.id and line.cancelled_quantity < line.quantity
                        )
                )
        )
    )
    and (
        $6::timestamptz is null
        or exists (
            select 1
            from sales_order as sale
            where
                sale.customer = any(known.names)
                and sale.placed_at >= $6::timestamptz
                and exists (
                    select 1
                    from order_line as line
                    where line.order_id = sale.id and line.cancelled_quantity < line.quantity
                )
        )
    )
    and (
        $7::timestamptz is null
        or not exists (
            select 1
            from sales_order as sale
            where
                sale.customer = any(known.names)
                and sale.placed_at >= $7::timestamptz
                and exists (
                    select 1
                    from order_line as line
                    where line.order_id = sale.id and line.cancelled_quantity < line.quantity
                )
        )
    )
    and (
        $8::text is null
        or (
            select
                coalesce(sum(paid.amount_minor - given_back.amount_minor), 0)
                between coalesce($10::bigint, 0) and coalesce($11::bigint, 9223372036854775807)
            from sales_order as sale
            cross join
                lateral (
                    select
                        coalesce(sum(tender.amount_minor - tender.rounding_minor - tender.voided_minor), 0)
                            as amount_minor
                    from tender
                    where tender.order_id = sale.id
                ) as paid
            cross join
                lateral (
                    select coalesce(sum(refund.amount_minor - refund.rounding_minor), 0) as amount_minor
                    from refund
                    where refund.order_id = sale.id
                ) as given_back
            where
                sale.customer = any(known.names)
                and sale.placed_at >= $9::timestamptz
                and sale.currency = $8::text
        )
    )
    and (
        $12::timestamptz is null
        or (
            select count(*) between coalesce($13::bigint, 0) and coalesce($14::bigint, 9223372036854775807)
            from sales_order as sale
            where
                sale.customer = any(known.names)
                and sale.placed_at >= $12::timestamptz
                and exists (
                    select 1
                    from order_line as line
                    where line.order_id = sale.id and line.cancelled_quantity < line.quantity
                )
        )
    )
order by customer.id
limit $3::integer;
