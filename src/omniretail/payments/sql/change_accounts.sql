-- Adds the changes of the JSON array $1 to accounts, whose rows are locked.
update payment_account
set
    balance_minor = payment_account.balance_minor + change.balance_minor,
    held_minor = payment_account.held_minor + change.held_minor,
    status = change.status,
    version = payment_account.version + change.entries
from
    json_to_recordset($1::json)
        as change (
            id uuid,
            balance_minor bigint,
            held_minor bigint,
            status text,
            entries integer
        )
where payment_account.id = change.id;
