-- The lots of the locked accounts $1 that something is left of.
select
    lot.id,
    lot.account_id,
    lot.kind,
    lot.order_id,
    lot.origin_id,
    lot.gift_id,
    lot.quantity,
    lot.remaining,
    lot.held,
    lot.expired,
    lot.absorbed,
    lot.earned_at,
    lot.available_at,
    lot.expires_at,
    lot.in_review
from loyalty_lot as lot
where lot.account_id = any($1::uuid[]) and lot.remaining > 0;
