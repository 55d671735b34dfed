-- Lets lines of holds ($1 holds, $2 numbers, $3 SKUs) hold only $4. Their levels are locked.
update hold_line
set quantity = shrunk.quantity
from
    unnest($1::uuid[], $2::integer[], $3::text[], $4::integer[])
        as shrunk (hold_id, number, sku, quantity)
where
    hold_line.hold_id = shrunk.hold_id
    and hold_line.number = shrunk.number
    and hold_line.sku = shrunk.sku
    -- Bounds the read also where the plan was made while the table was still empty.
    and hold_line.hold_id = any($1::uuid[]);
