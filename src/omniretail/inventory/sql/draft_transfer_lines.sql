-- Writes the lines of new transfers: of the transfers $1, numbers $2, SKUs $3, destinations $4,
-- quantities $5.
insert into transfer_line (
    transfer_id, number, sku, destination, quantity, shipped, received, returned, found, lost
)
select
    fresh.transfer_id,
    fresh.number,
    fresh.sku,
    fresh.destination,
    fresh.quantity,
    0 as shipped,
    0 as received,
    0 as returned,
    0 as found,
    0 as lost
from
    unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::integer[])
        as fresh (transfer_id, number, sku, destination, quantity);
