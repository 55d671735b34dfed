-- The book's version and, of the same moment, every price that changed since version $1.
select
    price_book.version,
    price_list.currency,
    price.sku,
    price.valid_from,
    price.amount_minor
from price_book
inner join price on price.book_version > $1::bigint
inner join price_list on price.price_list = price_list.code;
