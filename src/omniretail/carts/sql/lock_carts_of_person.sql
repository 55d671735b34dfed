-- Locks the carts of whom $1 names, those for the e-mail addresses $2 that name nobody, those that became
-- the orders $3, in the order of their ids. It may read every cart: people are erased seldom.
select
    cart.id,
    cart.code,
    cart.hold_ids
from cart
where
    cart.customer = any($1::text[])
    or (cart.customer is null and cart.email = any($2::text[]))
    or cart.order_id = any($3::uuid[])
order by cart.id
for update;
