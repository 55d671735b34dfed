-- Notes serial numbers that were not known. Race: who notes one at the same moment runs again.
insert into stock_serial (sku, serial, state, location)
select
    fresh.sku,
    fresh.serial,
    fresh.state,
    fresh.location
from
    unnest($1::text[], $2::text[], $3::text[], $4::text[]) as fresh (sku, serial, state, location);
