-- The lots at the places ($1 SKUs, $2 locations) of which something is there, and those named $3.
select
    place.sku,
    place.location,
    lot.lot,
    lot.expires_on,
    lot.on_hand,
    lot.damaged,
    lot.quality_control
from unnest($1::text[], $2::text[]) as place (sku, location)
cross join lateral (
    select stock_lot.*
    from stock_lot
    where stock_lot.sku = place.sku and stock_lot.location = place.location and stock_lot.on_hand > 0
    union all
    select stock_lot.*
    from stock_lot
    where
        stock_lot.sku = place.sku
        and stock_lot.location = place.location
        and stock_lot.lot = any($3::text[])
        and stock_lot.on_hand = 0
) as lot;
