-- Brings empty levels into being, so that they can be locked. Race: whoever comes second waits for the
-- first and then finds its level.
insert into stock_level (sku, location, on_hand, allocated, held, damaged, quality_control)
select
    fresh.sku,
    fresh.location,
    0 as on_hand,
    0 as allocated,
    0 as held,
    0 as damaged,
    0 as quality_control
from unnest($1::text[], $2::text[]) as fresh (sku, location)
order by fresh.sku, fresh.location
on conflict on constraint stock_level_pkey do nothing;
