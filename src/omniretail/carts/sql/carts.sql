-- The carts with the ids $1 or the codes $2.
select
    found.id,
    found.code,
    found.channel,
    found.currency,
    found.customer,
    found.customer_groups,
    found.region,
    found.state,
    found.order_id,
    found.merged_into,
    found.hold_ids,
    found.hold_seconds,
    found.lines,
    found.coupons,
    found.shipping,
    found.note,
    found.ship_to,
    found.email,
    found.version,
    found.created_by,
    found.created_at,
    found.updated_at,
    found.expires_at
from (
    select cart.*
    from unnest($1::uuid[]) as wanted (id)
    cross join
        lateral (
            select cart.*
            from cart
            where cart.id = wanted.id
            limit 1
        ) as cart
    union all
    select cart.*
    from unnest($2::text[]) as wanted (code)
    cross join lateral (
        select cart.*
        from cart
        where cart.code = wanted.code
        limit 1
    ) as cart
) as found;
