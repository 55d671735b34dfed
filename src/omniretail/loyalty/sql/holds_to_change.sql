-- The open holds of the locked accounts $1, and the holds $2, each with the lots that it promises.
select
    hold.id,
    hold.account_id,
    hold.points,
    hold.state,
    hold.placed_at,
    hold.expires_at,
    hold.closed_at,
    hold.order_id,
    hold.channel,
    hold.location,
    hold.actor_id,
    (
        select coalesce(json_object_agg(promise.lot_id, promise.points), '{}')
        from loyalty_hold_lot as promise
        where promise.hold_id = hold.id
    ) as lots
from
    (
        select unended.id
        from unnest($1::uuid[]) as account (id)
        cross join
            lateral (
                select loyalty_hold.id
                from loyalty_hold
                where loyalty_hold.account_id = account.id and loyalty_hold.state = 'held'
                offset 0
            ) as unended
        union
        select named.id
        from unnest($2::uuid[]) as named (id)
    ) as wanted
cross join
    lateral (
        select loyalty_hold.*
        from loyalty_hold
        where loyalty_hold.id = wanted.id
        limit 1
    ) as hold;
