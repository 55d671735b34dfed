-- Writes the lines of the orders of the JSON array $1.
insert into order_line (
    order_id, line_number, fulfillment_number, sku, quantity, fulfilled_quantity,
    cancelled_quantity, list_price_minor, unit_price_minor, price_reason, total_minor, components,
    promised_at, price_list, discounts, tax_class, tax_included, tax_rate_ppm, tax_minor, part_of
)
select
    placed.id as order_id,
    line.number as line_number,
    part.number as fulfillment_number,
    line.sku,
    line.quantity,
    coalesce(line.fulfilled_quantity, 0) as fulfilled_quantity,
    coalesce(line.cancelled_quantity, 0) as cancelled_quantity,
    line.list_price_minor,
    line.unit_price_minor,
    line.price_reason,
    line.total_minor,
    line.components,
    line.promised_at,
    line.price_list,
    line.discounts,
    coalesce(line.tax_class, 'standard') as tax_class,
    coalesce(line.tax_included, true) as tax_included,
    line.tax_rate_ppm,
    coalesce(line.tax_minor, 0) as tax_minor,
    line.part_of
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
    promised_at timestamptz,
    price_list text,
    discounts jsonb,
    tax_class text,
    tax_included boolean,
    tax_rate_ppm integer,
    tax_minor bigint,
    part_of integer
);
