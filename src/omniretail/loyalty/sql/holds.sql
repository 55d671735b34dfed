-- The holds of points $1.
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
where hold.id = any($1::uuid[]);
