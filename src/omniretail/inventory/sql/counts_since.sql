-- The counts at the places ($1 SKUs, $2 locations) that speak of $3 or later.
select
    place.sku,
    place.location,
    found.id,
    found.occurred_at,
    found.lot
from unnest($1::text[], $2::text[]) as place (sku, location)
cross join lateral (
    select
        stock_count.id,
        stock_count.occurred_at,
        stock_count.lot
    from stock_count
    where
        stock_count.sku = place.sku
        and stock_count.location = place.location
        and stock_count.occurred_at >= $3::timestamptz
    limit 10000
) as found;
