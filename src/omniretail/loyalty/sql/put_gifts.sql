-- Writes the gifts of points of the JSON array $1, new ones or those of locked accounts, as they are now.
insert into loyalty_gift (
    id, from_account_id, to_account_id, points, sent_at, available_at, taken_back_at, actor_id
)
select
    put.id,
    put.from_account_id,
    put.to_account_id,
    put.points,
    put.sent_at,
    put.available_at,
    put.taken_back_at,
    put.actor_id
from json_populate_recordset(null::loyalty_gift, $1::json) as put
on conflict (id) do update set
    taken_back_at = excluded.taken_back_at;
