-- Writes the counts of the JSON array $1, recorded at $2.
insert into stock_count (
    id, recorded_at, occurred_at, sku, location, lot, quantity, variance, document_id, actor_id
)
select
    fresh.id,
    $2::timestamptz as recorded_at,
    fresh.occurred_at,
    fresh.sku,
    fresh.location,
    fresh.lot,
    fresh.quantity,
    fresh.variance,
    fresh.document_id,
    fresh.actor_id
from json_to_recordset($1::json) as fresh (
    id uuid,
    occurred_at timestamptz,
    sku text,
    location text,
    lot text,
    quantity integer,
    variance integer,
    document_id uuid,
    actor_id uuid
);
