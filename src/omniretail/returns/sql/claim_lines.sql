-- The lines of the claims $1.
select
    line.claim_id,
    line.number,
    line.order_line,
    line.sku,
    line.components,
    line.quantity,
    line.kind,
    line.note,
    line.worth_minor,
    line.worth_tax_minor,
    line.replaced_by
from claim_line as line
where line.claim_id = any($1::uuid[])
order by line.claim_id, line.number;
