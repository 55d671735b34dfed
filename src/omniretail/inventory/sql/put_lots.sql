-- Adds changes to lots, or brings them into being. Their levels are locked.
insert into stock_lot as lot (
    sku, location, lot, expires_on, on_hand, damaged, quality_control
)
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
        as fresh (sku, location, lot, expires_on, on_hand, damaged, quality_control)
on conflict on constraint stock_lot_pkey do update set
    on_hand = lot.on_hand + excluded.on_hand,
    damaged = lot.damaged + excluded.damaged,
    quality_control = lot.quality_control + excluded.quality_control;
