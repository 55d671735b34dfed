-- Carts that whom $1 names made before the moment $2, or at it with an identity before $3, the latest first,
-- at most $4.
select
    found.id,
    found.code,
    found.channel,
    found.currency,
    found.state,
    found.order_id,
    found.merged_into,
    found.held,
    found.created_at,
    found.created_by,
    found.expires_at
from unnest($1::text[]) as named (customer)
cross join
    lateral (
        select
            cart.id,
            cart.code,
            cart.channel,
            cart.currency,
            cart.state,
            cart.order_id,
            cart.merged_into,
            cardinality(cart.hold_ids) as held,
            cart.created_at,
            cart.created_by,
            cart.expires_at
        from cart
        where
            cart.customer = named.customer
            and (
                $2::timestamptz is null
                or (cart.created_at, cart.id) < ($2::timestamptz, $3::uuid)
            )
        order by cart.created_at desc, cart.id desc
        limit $4::integer
    ) as found
order by found.created_at desc, found.id desc
limit $4::integer;
