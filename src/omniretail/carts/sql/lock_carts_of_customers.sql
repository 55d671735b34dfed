-- Locks the carts of whom $1 names, whatever their state, in the order of their ids; with what each says.
select
    cart.id,
    cart.customer
from cart
where cart.customer = any($1::text[])
order by cart.id
for update;
