-- Writes the reviews of the JSON array $1, new ones or decided ones.
insert into loyalty_review (
    id, account_id, lot_id, order_id, why, points, opened_at, decision, closed_at, closed_by, note
)
select
    put.id,
    put.account_id,
    put.lot_id,
    put.order_id,
    put.why,
    put.points,
    put.opened_at,
    put.decision,
    put.closed_at,
    put.closed_by,
    put.note
from json_populate_recordset(null::loyalty_review, $1::json) as put
on conflict (id) do update set
    decision = excluded.decision,
    closed_at = excluded.closed_at,
    closed_by = excluded.closed_by,
    note = excluded.note;
