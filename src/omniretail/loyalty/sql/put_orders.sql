-- Writes what orders earned and spent: the JSON array $1, those of locked accounts, as they are now.
insert into loyalty_order (
    order_id, account_id, parts, earned_points, reversed_points, forgiven_points, qualifying_points,
    spent_points, restored_points, day
)
select
    put.order_id,
    put.account_id,
    put.parts,
    put.earned_points,
    put.reversed_points,
    put.forgiven_points,
    put.qualifying_points,
    put.spent_points,
    put.restored_points,
    put.day
from json_populate_recordset(null::loyalty_order, $1::json) as put
on conflict (order_id) do update set
    parts = excluded.parts,
    earned_points = excluded.earned_points,
    reversed_points = excluded.reversed_points,
    forgiven_points = excluded.forgiven_points,
    qualifying_points = excluded.qualifying_points,
    spent_points = excluded.spent_points,
    restored_points = excluded.restored_points;
