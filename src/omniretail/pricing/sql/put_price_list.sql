-- Creates price list $1 or replaces what it says of itself, as of book version $15, and remembers it as it
-- was stated; writes no row where it exists with another currency, or with prices that include tax
-- where these do not.
with written as (
    insert into price_list (
        code, name, currency, priority, tax_included, customer, customer_group, location, region,
        channel, time_zone, valid_from, valid_until, override_reason, book_version, updated_at
    )
    values (
        $1::text, $2::text, $3::text, $4::integer, $5::boolean, $6::text, $7::text, $8::text,
        $9::text, $10::text, $11::text, $12::timestamptz, $13::timestamptz, $14::text, $15::bigint,
        $16::timestamptz
    )
    on conflict on constraint price_list_pkey do update
        set
            name = excluded.name,
            priority = excluded.priority,
            customer = excluded.customer,
            customer_group = excluded.customer_group,
            location = excluded.location,
            region = excluded.region,
            channel = excluded.channel,
            time_zone = excluded.time_zone,
            valid_from = excluded.valid_from,
            valid_until = excluded.valid_until,
            override_reason = excluded.override_reason,
            book_version = excluded.book_version,
            updated_at = excluded.updated_at
        where
        price_list.currency = excluded.currency
        and price_list.tax_included = excluded.tax_included
    returning price_list.*
)

insert into book_change (kind, code, book_version, document, recorded_at)
select
    'price_list' as kind,
    written.code,
    written.book_version,
    jsonb_strip_nulls(
        to_jsonb(written)
        - array['customer', 'customer_group', 'location', 'region', 'channel', 'updated_at', 'book_version']
        || jsonb_build_object('scope', jsonb_build_object(
            'customer', written.customer,
            'customer_group', written.customer_group,
            'location', written.location,
            'region', written.region,
            'channel', written.channel
        ))
    ) as document,
    written.updated_at
from written;
