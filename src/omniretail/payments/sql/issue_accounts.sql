-- Writes the new accounts of the JSON array $1. Race: the code of a gift card is issued twice at once; the
-- unique hash refuses the second, which runs again and finds the first.
insert into payment_account (
    id, kind, code_hash, last4, customer, currency, balance_minor, held_minor, status, expires_at,
    created_at, version
)
select
    issued.id,
    issued.kind,
    decode(issued.code_hash, 'hex') as code_hash,
    issued.last4,
    issued.customer,
    issued.currency,
    issued.balance_minor,
    issued.held_minor,
    issued.status,
    issued.expires_at,
    issued.created_at,
    issued.version
from
    json_to_recordset($1::json)
        as issued (
            id uuid,
            kind text,
            code_hash text,
            last4 text,
            customer text,
            currency text,
            balance_minor bigint,
            held_minor bigint,
            status text,
            expires_at timestamptz,
            created_at timestamptz,
            version integer
        )
-- Sorted, so that two batches that issue the same codes wait for each other in one order.
order by issued.code_hash;
