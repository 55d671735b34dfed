-- The prices that changed since book version $1, under short names: there are many.
select
    price.price_list as l,
    price.sku as s,
    price.valid_from as f,
    price.amount_minor as a,
    price.tiers as t
from price
where price.book_version > $1::bigint;
