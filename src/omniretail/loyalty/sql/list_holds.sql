-- The holds of account $1, the latest first, older than $2 where it is given; at most $3.
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
    hold.actor_id
from loyalty_hold as hold
where
    hold.account_id = $1::uuid
    and hold.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
order by hold.id desc
limit $3::integer;
