-- Writes the entries of the JSON array $1, recorded at $2; their accounts are locked or new, so the
-- numbers are free.
insert into account_entry (
    account_id, sequence, type, balance_change_minor, held_change_minor, order_id, tender_number,
    return_id, claim_id, reason, occurred_at, recorded_at, actor_id, idempotency_key
)
select
    fresh.account_id,
    fresh.sequence,
    fresh.type,
    fresh.balance_change_minor,
    fresh.held_change_minor,
    fresh.order_id,
    fresh.tender_number,
    fresh.return_id,
    fresh.claim_id,
    fresh.reason,
    fresh.occurred_at,
    $2::timestamptz,
    fresh.actor_id,
    fresh.idempotency_key
from json_to_recordset($1::json) as fresh (
    account_id uuid,
    sequence integer,
    type text,
    balance_change_minor bigint,
    held_change_minor bigint,
    order_id uuid,
    tender_number integer,
    return_id uuid,
    claim_id uuid,
    reason text,
    occurred_at timestamptz,
    actor_id uuid,
    idempotency_key text
);
