-- Writes the entries of the JSON array $1, recorded at $2.
insert into loyalty_entry (
    account_id, sequence, type, points, lot_id, lot_change, debt_change, order_id, tender_number,
    other_account_id, reason, occurred_at, recorded_at, actor_id, idempotency_key
)
select
    entry.account_id,
    entry.sequence,
    entry.type,
    entry.points,
    entry.lot_id,
    entry.lot_change,
    entry.debt_change,
    entry.order_id,
    entry.tender_number,
    entry.other_account_id,
    entry.reason,
    entry.occurred_at,
    $2::timestamptz,
    entry.actor_id,
    entry.idempotency_key
from json_populate_recordset(null::loyalty_entry, $1::json) as entry;
