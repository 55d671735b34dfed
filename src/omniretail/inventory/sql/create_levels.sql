-- Brings levels into being with what first arrived. Race: another transaction may have done so
-- since the lock found none; the sum then lands on its row.
insert into stock_level as level (sku, location, on_hand, allocated)
select
    fresh.sku,
    fresh.location,
    fresh.on_hand,
    fresh.allocated
from
    unnest($1::text[], $2::text[], $3::integer[], $4::integer[])
        as fresh (sku, location, on_hand, allocated)
order by fresh.sku, fresh.location
on conflict on constraint stock_level_pkey do update set
    on_hand = level.on_hand + excluded.on_hand,
    allocated = level.allocated + excluded.allocated;
