-- Writes the lines of the JSON array $1: new ones, and how far those of locked returns have come.
insert into return_line (
    return_id, number, order_line, sku, components, quantity, reason, received_quantity,
    refunded_quantity, cancelled_quantity, refunded_minor, refunded_tax_minor, unit_minor
)
select
    fresh.return_id,
    fresh.number,
    fresh.order_line,
    fresh.sku,
    fresh.components,
    fresh.quantity,
    fresh.reason,
    fresh.received_quantity,
    fresh.refunded_quantity,
    fresh.cancelled_quantity,
    fresh.refunded_minor,
    fresh.refunded_tax_minor,
    fresh.unit_minor
from
    json_to_recordset($1::json)
        as fresh (
            return_id uuid,
            number integer,
            order_line integer,
            sku text,
            components jsonb,
            quantity integer,
            reason text,
            received_quantity integer,
            refunded_quantity integer,
            cancelled_quantity integer,
            refunded_minor bigint,
            refunded_tax_minor bigint,
            unit_minor bigint
        )
on conflict (return_id, number) do update set
    received_quantity = excluded.received_quantity,
    refunded_quantity = excluded.refunded_quantity,
    cancelled_quantity = excluded.cancelled_quantity,
    refunded_minor = excluded.refunded_minor,
    refunded_tax_minor = excluded.refunded_tax_minor;
