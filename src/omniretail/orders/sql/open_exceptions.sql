-- Opens the exceptions of the JSON array $1, at $2: what staff must look after.
insert into order_exception (id, order_id, fulfillment_id, kind, detail, opened_at)
select
    fresh.id,
    fresh.order_id,
    fresh.fulfillment_id,
    fresh.kind,
    fresh.detail,
    $2::timestamptz
from json_to_recordset($1::json) as fresh (
    id uuid,
    order_id uuid,
    fulfillment_id uuid,
    kind text,
    detail jsonb
);
