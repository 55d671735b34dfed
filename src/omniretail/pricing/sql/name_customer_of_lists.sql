-- Has the price lists of whom $1 names be those of $2, from version $3 of the book on, and so in all that is
-- remembered of them. The book's version is locked.
with own as (
    update price_list
    set customer = $2::text, book_version = $3::bigint
    where price_list.customer = any($1::text[])
),

remembered as (
    update book_change
    set document = jsonb_set(book_change.document, '{scope,customer}', to_jsonb($2::text))
    where book_change.kind = 'price_list' and book_change.document #>> '{scope,customer}' = any($1::text[])
)

select 1;
