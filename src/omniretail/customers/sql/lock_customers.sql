-- Locks the customers $1, one after the other by id. Race: two commands about one customer meet; the second
-- waits here, and what it then reads in a statement of its own is what the first made of them.
select held.id
from (
    select unnest($1::uuid[]) as id
    order by 1
) as wanted
cross join lateral (
    select customer.id
    from customer
    where customer.id = wanted.id
    limit 1
    for update
) as held;
