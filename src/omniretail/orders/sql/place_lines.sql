-- Writes the lines of the orders of the JSON array $1.
insert into order_line (
    order_id, line_number, fulfillment_number, sku, quantity, fulfilled_quantity,
    cancelled_quantity, list_price_minor, unit_price_minor, price_reason, total_minor, components,
    promised_at
)
select
    placed.id as order_id,
    line.number as line_number,
    part.number as fulfillment_number,
    line.sku,
    line.quantity,
    line.fulfilled_quantity,
    line.cancelled_quantity,
    line.list_price_minor,
    line.unit_price_minor,
    line.price_reason,
    line.total_minor,
    line.components,
    line.promised_at
from json_to_recordset($1::json) as placed (id uuid, fulfillments json)
cross join lateral json_to_recordset(placed.fulfillments) as part (number integer, lines json)
cross join lateral json_to_recordset(part.lines) as line (
    number integer,
    sku text,
    quantity integer,
    fulfilled_quantity integer,
    cancelled_quantity integer,
    list_price_minor bigint,
    unit_price_minor bigint,
    price_reason text,
    total_minor bigint,
    components jsonb,
    promised_at timestamptz
);
