-- The carts of customer $1 that are open at $2, older than $3, the latest first, at most $4.
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
from cart
where
    cart.customer = $1::text
    and cart.state = 'open'
    and cart.expires_at > $2::timestamptz
    and ($3::uuid is null or cart.id < $3::uuid)
order by cart.id desc
limit $4::integer;
