-- Writes the rejections of the JSON array $1, whose orders are locked.
insert into rejection (
    id, order_id, fulfillment_id, line_number, sku, components, location, quantity, reason,
    collateral, occurred_at, barred_until, actor_id
)
select
    fresh.id,
    fresh.order_id,
    fresh.fulfillment_id,
    fresh.line_number,
    fresh.sku,
    fresh.components,
    fresh.location,
    fresh.quantity,
    fresh.reason,
    fresh.collateral,
    fresh.occurred_at,
    fresh.barred_until,
    fresh.actor_id
from json_to_recordset($1::json) as fresh (
    id uuid,
    order_id uuid,
    fulfillment_id uuid,
    line_number integer,
    sku text,
    components jsonb,
    location text,
    quantity integer,
    reason text,
    collateral boolean,
    occurred_at timestamptz,
    barred_until timestamptz,
    actor_id uuid
);
