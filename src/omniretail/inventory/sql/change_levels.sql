-- Adds changes to levels, whose rows are locked.
update stock_level
set
    on_hand = stock_level.on_hand + change.on_hand,
    allocated = stock_level.allocated + change.allocated
from
    unnest($1::text[], $2::text[], $3::integer[], $4::integer[])
        as change (sku, location, on_hand, allocated)
where stock_level.sku = change.sku and stock_level.location = change.location;
