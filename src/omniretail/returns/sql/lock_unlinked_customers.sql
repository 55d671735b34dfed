-- Locks the customers $1, so that two tills that take goods of one of them at once count each other: the
-- second one waits here, and counts, in a statement of its own, after the first has ended.
select unlinked_customer.customer
from unlinked_customer
where unlinked_customer.customer = any($1::text[])
order by unlinked_customer.customer
for update;
