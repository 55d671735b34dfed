-- Writes what became of the lines of the JSON array $1, of the locked orders $2: their progress, what
-- came back of them, who serves them and when, adjusted prices, and what is left of a line that was divided.
update order_line
set
    fulfillment_number = change.fulfillment_number,
    quantity = change.quantity,
    fulfilled_quantity = change.fulfilled_quantity,
    cancelled_quantity = change.cancelled_quantity,
    promised_at = change.promised_at,
    total_minor = change.total_minor,
    tax_minor = change.tax_minor,
    discounts = change.discounts,
    adjusted_total_minor = change.adjusted_total_minor,
    adjusted_tax_minor = change.adjusted_tax_minor,
    returned_quantity = change.returned_quantity,
    received_quantity = change.received_quantity,
    refunded_quantity = change.refunded_quantity
from
    json_to_recordset($1::json)
        as change (
            order_id uuid,
            number integer,
            fulfillment_number integer,
            quantity integer,
            fulfilled_quantity integer,
            cancelled_quantity integer,
            promised_at timestamptz,
            total_minor bigint,
            tax_minor bigint,
            discounts jsonb,
            adjusted_total_minor bigint,
            adjusted_tax_minor bigint,
            returned_quantity integer,
            received_quantity integer,
            refunded_quantity integer
        )
where
    order_line.order_id = change.order_id
    and order_line.line_number = change.number
    -- Bounds the read also where the plan was made while the table was still empty.
    and order_line.order_id = any($2::uuid[]);
