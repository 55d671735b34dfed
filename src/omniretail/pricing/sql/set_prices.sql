-- Sets prices as of book version $5, and moves the book to it. The book's row is locked.
with moved as (
    update price_book set version = $5::bigint
)

insert into price (price_list, sku, valid_from, amount_minor, book_version, recorded_at)
select
    fresh.price_list,
    fresh.sku,
    fresh.valid_from,
    fresh.amount_minor,
    $5::bigint,
    $6::timestamptz
from
    unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[])
        as fresh (price_list, sku, valid_from, amount_minor)
on conflict on constraint price_pkey do update set
    amount_minor = excluded.amount_minor,
    book_version = excluded.book_version,
    recorded_at = excluded.recorded_at;
