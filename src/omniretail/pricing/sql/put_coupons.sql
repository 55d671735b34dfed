-- Creates the coupons ($1 codes, $2 promotions, $3 documents) or replaces them, as of book version $4, and
-- counts their uses from now on, where nobody counts them yet.
with fresh as (
    select
        new.code,
        new.promotion,
        new.document::jsonb as document
    from unnest($1::text[], $2::text[], $3::text[]) as new (code, promotion, document)
),

counted as (
    insert into usage_count (kind, code, used)
    select
        'coupon' as kind,
        fresh.code,
        0 as used
    from fresh
    order by fresh.code
    on conflict on constraint usage_count_pkey do nothing
)

insert into coupon (code, promotion, document, book_version, updated_at)
select
    fresh.code,
    fresh.promotion,
    fresh.document,
    $4::bigint,
    $5::timestamptz
from fresh
on conflict on constraint coupon_pkey do update set
    promotion = excluded.promotion,
    document = excluded.document,
    book_version = excluded.book_version,
    updated_at = excluded.updated_at;
