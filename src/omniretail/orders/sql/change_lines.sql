-- Writes the progress and adjusted prices of lines, whose orders are locked.
update order_line
set
    fulfilled_quantity = change.fulfilled_quantity,
    cancelled_quantity = change.cancelled_quantity,
    adjusted_total_minor = change.adjusted_total_minor,
    adjusted_tax_minor = change.adjusted_tax_minor
from
    unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[], $5::bigint[], $6::bigint[])
        as change (
            order_id, line_number, fulfilled_quantity, cancelled_quantity, adjusted_total_minor,
            adjusted_tax_minor
        )
where
    order_line.order_id = change.order_id
    and order_line.line_number = change.line_number
    -- Bounds the read also where the plan was made while the table was still empty.
    and order_line.order_id = any($1::uuid[]);
