-- The ledger of loyalty points, in the order in which it lies, which is about that of recording: to sort it
-- would take room for all of it.
select
    entry.account_id,
    entry.sequence,
    to_char(entry.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at,
    to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
    entry.type,
    entry.points,
    entry.lot_id,
    entry.lot_change,
    entry.debt_change,
    entry.order_id,
    entry.tender_number,
    entry.other_account_id,
    entry.reason,
    entry.actor_id
from loyalty_entry as entry;
