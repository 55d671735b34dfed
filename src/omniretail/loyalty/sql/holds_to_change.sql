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
from loyalty_hold as hold
where (hold.account_id = any($1::uuid[]) and hold.state = 'held') or hold.id = any($2::uuid[]);
