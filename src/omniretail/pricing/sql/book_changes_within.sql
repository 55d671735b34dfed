-- The price lists and promotions as they stood at $1, and as they were stated since, until before $2; in
-- the order in which the book had them. A list stands as it was first stated even before that: those from
-- before there was this history have the time of their last change.
with known as (
    select
        price_list.code,
        'price_list' as kind
    from price_list
    union all
    select
        promotion.code,
        'promotion' as kind
    from promotion
)

select
    known.kind,
    change.document,
    change.book_version,
    change.recorded_at
from known
cross join
    lateral (
        (
            select
                book_change.document,
                book_change.book_version,
                book_change.recorded_at
            from book_change
            where
                book_change.kind = known.kind
                and book_change.code = known.code
                and (
                    book_change.recorded_at <= $1::timestamptz
                    or (
                        known.kind = 'price_list'
                        and book_change.book_version = (
                            select min(earlier.book_version)
                            from book_change as earlier
                            where earlier.kind = known.kind and earlier.code = known.code
                        )
                    )
                )
            order by book_change.book_version desc
            limit 1
        )
        union
        select
            book_change.document,
            book_change.book_version,
            book_change.recorded_at
        from book_change
        where
            book_change.kind = known.kind
            and book_change.code = known.code
            and book_change.recorded_at > $1::timestamptz
            and book_change.recorded_at < $2::timestamptz
    ) as change
order by change.book_version, known.kind, known.code;
