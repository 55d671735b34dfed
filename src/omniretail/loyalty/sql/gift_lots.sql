-- The lots of the gifts $1, between locked accounts, and the lots they came from.
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
from (
    select given.id
    from loyalty_lot as given
    where given.gift_id = any($1::uuid[])
    union
    select given.origin_id as id
    from loyalty_lot as given
    where given.gift_id = any($1::uuid[])
) as wanted
cross join
    lateral (
        select loyalty_lot.*
        from loyalty_lot
        where loyalty_lot.id = wanted.id
        limit 1
    ) as lot;
