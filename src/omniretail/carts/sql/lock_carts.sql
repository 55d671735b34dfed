-- Locks the carts $1, one after the other by id, before any level, and returns them. Race: two logins
-- merge one guest's cart at once, or two checkouts convert one; the second waits here, and then reads
-- what the first made of it.
select
    held.id,
    held.code,
    held.channel,
    held.currency,
    held.customer,
    held.customer_groups,
    held.region,
    held.state,
    held.order_id,
    held.merged_into,
    held.hold_ids,
    held.hold_seconds,
    held.lines,
    held.coupons,
    held.shipping,
    held.note,
    held.ship_to,
    held.email,
    held.version,
    held.created_by,
    held.created_at,
    held.updated_at,
    held.expires_at
from (
    select unnest($1::uuid[]) as id
    order by 1
) as wanted
cross join lateral (
    select cart.*
    from cart
    where cart.id = wanted.id
    limit 1
    for update
) as held;
