-- The latest moving average of the cost at the places ($1 SKUs, $2 locations), where there is one.
-- Identities are made under the locks of the levels, and so tell the order; times of recording are read
-- before them.
select
    place.sku,
    place.location,
    latest.average::text as average,
    latest.currency
from unnest($1::text[], $2::text[]) as place (sku, location)
cross join lateral (
    select
        stock_cost.average,
        stock_cost.currency
    from stock_cost
    where stock_cost.sku = place.sku and stock_cost.location = place.location
    order by stock_cost.movement_id desc
    limit 1
) as latest;
