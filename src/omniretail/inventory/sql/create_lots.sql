-- Brings lots into being. Their levels are locked.
insert into stock_lot (sku, location, lot, expires_on, on_hand, damaged, quality_control)
select
    fresh.sku,
    fresh.location,
    fresh.lot,
    fresh.expires_on,
    fresh.on_hand,
    fresh.damaged,
    fresh.quality_control
from
    unnest(
        $1::text[], $2::text[], $3::text[], $4::date[], $5::integer[], $6::integer[], $7::integer[]
    )
        as fresh (sku, location, lot, expires_on, on_hand, damaged, quality_control);
