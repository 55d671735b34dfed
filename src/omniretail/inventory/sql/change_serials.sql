-- Notes where known serial numbers are now; they are locked.
update stock_serial
set
    state = change.state,
    location = change.location
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as change (sku, serial, state, location)
where
    stock_serial.sku = change.sku
    and stock_serial.serial = change.serial
    -- Bounds the read also where the plan was made while the table was still empty.
    and stock_serial.sku = any($1::text[]);
