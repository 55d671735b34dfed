-- The customers older than $1, the latest first, at most $2.
select customer.id
from customer
where $1::uuid is null or customer.id < $1::uuid
order by customer.id desc
limit $2::integer;
