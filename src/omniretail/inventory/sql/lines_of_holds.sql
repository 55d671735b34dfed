-- The lines of the holds $1.
select
    line.hold_id,
    line.number,
    line.sku,
    line.location,
    line.kit,
    line.per_unit,
    line.requested,
    line.quantity,
    line.closed_at
from hold_line as line
where line.hold_id = any($1::uuid[])
order by line.hold_id, line.number, line.sku;
