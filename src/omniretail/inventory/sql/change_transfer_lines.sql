-- Writes what became of the units of lines, whose transfers are locked.
update transfer_line
set
    shipped = change.shipped,
    received = change.received,
    returned = change.returned,
    found = change.found,
    lost = change.lost,
    unit_cost = change.unit_cost,
    cost_currency = change.cost_currency
from
    unnest(
        $1::uuid[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[],
        $7::integer[], $8::numeric[], $9::text[]
    )
        as change (
            transfer_id, number, shipped, received, returned, found, lost, unit_cost, cost_currency
        )
where
    transfer_line.transfer_id = change.transfer_id
    and transfer_line.number = change.number
    -- Bounds the read also where the plan was made while the table was still empty.
    and transfer_line.transfer_id = any($1::uuid[]);
