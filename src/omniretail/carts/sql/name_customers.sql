-- Has the carts $1, which are locked, name the customers $2, where they name one of $3 now.
update cart
set customer = said.customer
from unnest($1::uuid[], $2::text[]) as said (id, customer)
where
    cart.id = said.id
    and cart.customer = any($3::text[])
    -- Bounds the read also where the plan was made while the table was still empty.
    and cart.id = any($1::uuid[]);
