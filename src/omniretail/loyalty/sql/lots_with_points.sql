-- The lots of account $1 that have points at $4, the latest first, older than $2 where it is given; at most
-- $3. What has expired and is not booked yet is left out, but for what is promised.
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
where
    lot.account_id = $1::uuid
    and lot.remaining > 0
    and lot.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
    and (lot.expires_at is null or lot.expires_at > $4::timestamptz or lot.held > 0)
order by lot.id desc
limit $3::integer;
