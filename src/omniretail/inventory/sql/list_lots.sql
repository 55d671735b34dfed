-- The lots of which something is there, of SKU $1 and location $2 where given, that expire before $3 where
-- given; after the lot ($4 SKU, $5 location, $6 lot), by SKU, location and lot, at most $7.
select
    lot.sku,
    lot.location,
    lot.lot,
    lot.expires_on,
    lot.on_hand,
    lot.damaged,
    lot.quality_control
from stock_lot as lot
where
    lot.on_hand > 0
    and ($1::text is null or lot.sku = $1::text)
    and ($2::text is null or lot.location = $2::text)
    and ($3::date is null or lot.expires_on < $3::date)
    and (lot.sku, lot.location, lot.lot) > ($4::text, $5::text, $6::text)
order by lot.sku, lot.location, lot.lot
limit $7::integer;
