-- What the SKUs $1 were said to cost in the lists $2, as far as it matters between $3 and $4: what was
-- recorded or began within, and of the rest, in each list, the price that held when it began.
select
    change.sku,
    change.price_list,
    change.valid_from,
    change.amount_minor,
    change.book_version,
    change.recorded_at
from unnest($1::text[]) as wanted (sku)
cross join unnest($2::text[]) as named (code)
cross join
    lateral (
        (
            select price_change.*
            from price_change
            where
                price_change.price_list = named.code
                and price_change.sku = wanted.sku
                and price_change.recorded_at <= $3::timestamptz
                and price_change.valid_from <= $3::timestamptz
            order by price_change.valid_from desc, price_change.book_version desc
            limit 1
        )
        union all
        select price_change.*
        from price_change
        where
            price_change.price_list = named.code
            and price_change.sku = wanted.sku
            and greatest(price_change.recorded_at, price_change.valid_from) > $3::timestamptz
            and greatest(price_change.recorded_at, price_change.valid_from) < $4::timestamptz
    ) as change
order by change.sku, change.price_list, change.book_version, change.valid_from;
