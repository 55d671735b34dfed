-- Locks the accounts of whom $1 names, in the order of their ids; with whom each names.
select
    account.id,
    account.customer
from payment_account as account
where account.customer = any($1::text[])
order by account.id
for update;
