-- Creates promotion $1 or replaces it by the document $2, as of book version $3, and remembers it as it was
-- stated; counts its uses from now on, if nobody counts them yet.
with counted as (
    insert into usage_count (kind, code, used)
    values ('promotion', $1::text, 0)
    on conflict on constraint usage_count_pkey do nothing
),

remembered as (
    insert into book_change (kind, code, book_version, document, recorded_at)
    values ('promotion', $1::text, $3::bigint, $2::text::jsonb, $4::timestamptz)
)

insert into promotion (code, document, book_version, updated_at)
values ($1::text, $2::text::jsonb, $3::bigint, $4::timestamptz)
on conflict on constraint promotion_pkey do update set
    document = excluded.document,
    book_version = excluded.book_version,
    updated_at = excluded.updated_at;
