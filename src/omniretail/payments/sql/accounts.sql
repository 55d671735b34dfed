-- The accounts with ids $1 and with the hashes of codes $2.
select
    account.id,
    account.kind,
    encode(account.code_hash, 'hex') as code_hash,
    account.last4,
    account.customer,
    account.currency,
    account.balance_minor,
    account.held_minor,
    account.status,
    account.expires_at,
    account.created_at,
    account.version
from payment_account as account
where account.id = any($1::uuid[]) or account.code_hash = any($2::bytea[]);
