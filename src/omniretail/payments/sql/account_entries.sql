-- The entries of account $1, the latest first, those numbered below $2 where it is given, at most $3.
select
    entry.sequence,
    entry.type,
    entry.balance_change_minor,
    entry.held_change_minor,
    entry.order_id,
    entry.tender_number,
    entry.return_id,
    entry.claim_id,
    entry.reason,
    entry.occurred_at,
    entry.recorded_at,
    entry.actor_id
from account_entry as entry
where entry.account_id = $1::uuid and ($2::integer is null or entry.sequence < $2::integer)
order by entry.sequence desc
limit $3::integer;
