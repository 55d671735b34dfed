-- The customers that were merged into one of $1.
select customer.id
from customer
where customer.merged_into = any($1::uuid[]);
