-- Has the accounts $1, which are locked, name the customers $2, where they name one of $3 now.
update payment_account
set customer = said.customer
from unnest($1::uuid[], $2::text[]) as said (id, customer)
where
    payment_account.id = said.id
    and payment_account.customer = any($3::text[])
    -- Bounds the read also where the plan was made while the table was still empty.
    and payment_account.id = any($1::uuid[]);
