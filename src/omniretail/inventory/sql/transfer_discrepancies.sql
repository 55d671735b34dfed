-- The discrepancies of the transfers $1.
select
    discrepancy.transfer_id,
    discrepancy.number,
    discrepancy.line_number as line,
    discrepancy.kind,
    discrepancy.quantity,
    discrepancy.opened_at,
    discrepancy.opened_by,
    discrepancy.resolution,
    discrepancy.note,
    discrepancy.closed_at,
    discrepancy.closed_by
from transfer_discrepancy as discrepancy
where discrepancy.transfer_id = any($1::uuid[])
order by discrepancy.transfer_id, discrepancy.number;
