-- Locks the serial numbers ($1 SKUs, $2 serials) that are known, in the order wanted. Race: two stores
-- that take the same unit back at once hold different levels; here one of them waits.
select
    held.sku,
    held.serial,
    held.state,
    held.location
from unnest($1::text[], $2::text[]) as wanted (sku, serial)
cross join lateral (
    select stock_serial.*
    from stock_serial
    where stock_serial.sku = wanted.sku and stock_serial.serial = wanted.serial
    limit 1
    for update
) as held;
