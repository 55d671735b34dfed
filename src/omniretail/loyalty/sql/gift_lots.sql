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
    select unnest(array[given.id, given.origin_id]) as id
    from unnest($1::uuid[]) as gift (id)
    cross join
        lateral (
            select
                loyalty_lot.id,
                loyalty_lot.origin_id
            from loyalty_lot
            where loyalty_lot.gift_id = gift.id
            offset 0
        ) as given
    group by 1
) as wanted
cross join
    lateral (
        select loyalty_lot.*
        from loyalty_lot
        where loyalty_lot.id = wanted.id
        limit 1
    ) as lot;
