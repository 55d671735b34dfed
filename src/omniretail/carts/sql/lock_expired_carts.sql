-- Locks up to $2 open carts whose time was over by $1, and returns them. Carts that somebody else has
-- locked are left to them. Race: a change that came first moves the time on, and the row is no match.
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
where cart.state = 'open' and cart.expires_at <= $1::timestamptz
order by cart.expires_at
limit $2::integer
for update skip locked;
