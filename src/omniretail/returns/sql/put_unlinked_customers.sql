-- Makes the rows of the customers $1 who bring goods back without a receipt for the first time, at $2. Of two
-- that make the same row at once the second waits here for the first, and finds it.
insert into unlinked_customer (customer, first_at)
select
    asked.customer,
    $2::timestamptz as first_at
from unnest($1::text[]) as asked (customer)
order by asked.customer
on conflict on constraint unlinked_customer_pkey do nothing;
