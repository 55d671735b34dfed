-- Writes the holds of points of the JSON array $1, new ones or those of locked accounts, as they are now.
insert into loyalty_hold (
    id, account_id, points, state, placed_at, expires_at, closed_at, order_id, channel, location, actor_id
)
select
    put.id,
    put.account_id,
    put.points,
    put.state,
    put.placed_at,
    put.expires_at,
    put.closed_at,
    put.order_id,
    put.channel,
    put.location,
    put.actor_id
from json_populate_recordset(null::loyalty_hold, $1::json) as put
on conflict (id) do update set
    state = excluded.state,
    closed_at = excluded.closed_at,
    order_id = excluded.order_id;
