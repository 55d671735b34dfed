-- The price lists that changed since book version $1.
select
    price_list.code,
    price_list.name,
    price_list.currency,
    price_list.priority,
    price_list.tax_included,
    jsonb_strip_nulls(jsonb_build_object(
        'customer', price_list.customer,
        'customer_group', price_list.customer_group,
        'location', price_list.location,
        'region', price_list.region,
        'channel', price_list.channel
    )) as scope,
    price_list.time_zone,
    price_list.valid_from,
    price_list.valid_until,
    price_list.override_reason
from price_list
where price_list.book_version > $1::bigint;
