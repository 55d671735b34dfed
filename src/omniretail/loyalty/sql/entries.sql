-- The entries of account $1, the latest first, those before number $2 where it is given; at most $3.
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
    entry.recorded_at,
    entry.actor_id,
    entry.idempotency_key
from loyalty_entry as entry
where
    entry.account_id = $1::uuid
    and entry.sequence < coalesce($2::integer, 2147483647)
order by entry.sequence desc
limit $3::integer;
