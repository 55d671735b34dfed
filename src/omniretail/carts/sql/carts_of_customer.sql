-- The carts of the customer who is called as $1 that are open at $2, older than $3, the latest first, at
-- most $4.
select
    cart.id,
    cart.code,
    cart.channel,
    cart.currency,
    cart.customer,
    cart.customer_groups,
    cart.region,
    cart.state,
    cart.order_id,
    cart.merged_into,
    cart.hold_ids,
    cart.hold_seconds,
    cart.lines,
    cart.coupons,
    cart.shipping,
    cart.note,
    cart.ship_to,
    cart.email,
    cart.version,
    cart.created_by,
    cart.created_at,
    cart.updated_at,
    cart.expires_at
from unnest($1::text[]) as called (customer)
cross join
    lateral (
        select own.*
        from cart as own
        where
            own.customer = called.customer
            and own.state = 'open'
            and own.expires_at > $2::timestamptz
            and ($3::uuid is null or own.id < $3::uuid)
        order by own.id desc
        limit $4::integer
    ) as cart
order by cart.id desc
limit $4::integer;
