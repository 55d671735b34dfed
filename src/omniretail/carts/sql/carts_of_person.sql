-- The carts of whom $1 names, whatever their state, the oldest first.
select cart.id
from cart
where cart.customer = any($1::text[])
order by cart.id;
