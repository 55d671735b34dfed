-- Sets prices as of book version $6, and remembers each as it was set.
with fresh as (
    select
        new.price_list,
        new.sku,
        new.valid_from,
        new.amount_minor,
        new.tiers::jsonb as tiers
    from
        unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[])
            as new (price_list, sku, valid_from, amount_minor, tiers)
),

remembered as (
    insert into price_change (
        price_list, sku, valid_from, book_version, amount_minor, tiers, recorded_at
    )
    select
        fresh.price_list,
        fresh.sku,
        fresh.valid_from,
        $6::bigint,
        fresh.amount_minor,
        fresh.tiers,
        $7::timestamptz
    from fresh
)

insert into price (
    price_list, sku, valid_from, amount_minor, tiers, book_version, recorded_at
)
select
    fresh.price_list,
    fresh.sku,
    fresh.valid_from,
    fresh.amount_minor,
    fresh.tiers,
    $6::bigint,
    $7::timestamptz
from fresh
on conflict on constraint price_pkey do update set
    amount_minor = excluded.amount_minor,
    tiers = excluded.tiers,
    book_version = excluded.book_version,
    recorded_at = excluded.recorded_at;
