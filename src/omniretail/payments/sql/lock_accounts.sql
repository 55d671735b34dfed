-- Locks the accounts with ids $1 and with the hashes of codes $2, one after the other by id, and returns
-- them. Race: two buyers spend the last of one gift card; the second waits here, and then reads what the
-- first left. The `limit` has each looked up by itself, also by a plan made while the table was empty.
select
    locked.id,
    locked.kind,
    encode(locked.code_hash, 'hex') as code_hash,
    locked.last4,
    locked.customer,
    locked.currency,
    locked.balance_minor,
    locked.held_minor,
    locked.status,
    locked.expires_at,
    locked.created_at,
    locked.version
from (
    select given.id
    from unnest($1::uuid[]) as given (id)
    union
    select found.id
    from unnest($2::bytea[]) as asked (code_hash)
    cross join
        lateral (
            select payment_account.id
            from payment_account
            where payment_account.code_hash = asked.code_hash
            limit 1
        ) as found
    order by 1
) as wanted
cross join lateral (
    select payment_account.*
    from payment_account
    where payment_account.id = wanted.id
    limit 1
    for update
) as locked;
