-- Takes out of the carts $1, which are locked, all that is personal; who had one is $2 from then on.
update cart
set
    customer = case when cart.customer is null then null else $2::text end,
    ship_to = null,
    email = null,
    note = null
where cart.id = any($1::uuid[]);
