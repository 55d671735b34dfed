-- Lines whose total is not price times quantity, or whose own price came without a reason.
select
    line.order_id,
    line.line_number,
    line.quantity,
    line.unit_price_minor,
    line.total_minor
from order_line as line
where
    line.total_minor::numeric <> line.unit_price_minor::numeric * line.quantity
    or (line.unit_price_minor is distinct from line.list_price_minor and line.price_reason is null)
order by line.order_id, line.line_number;
