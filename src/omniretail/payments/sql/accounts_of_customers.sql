-- The accounts of whom $1 names, the oldest first.
select account.id
from payment_account as account
where account.customer = any($1::text[])
order by account.id;
