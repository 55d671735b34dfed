-- Writes the parcels of the JSON array $1, and of those that are known when they were delivered.
insert into parcel (
    id, order_id, fulfillment_id, number, carrier, tracking_number, tracking_url, lines, shipped_at,
    delivered_at
)
select
    sent.id,
    sent.order_id,
    sent.fulfillment_id,
    sent.number,
    sent.carrier,
    sent.tracking_number,
    sent.tracking_url,
    sent.lines,
    sent.shipped_at,
    sent.delivered_at
from
    json_to_recordset($1::json)
        as sent (
            id uuid,
            order_id uuid,
            fulfillment_id uuid,
            number integer,
            carrier text,
            tracking_number text,
            tracking_url text,
            lines jsonb,
            shipped_at timestamptz,
            delivered_at timestamptz
        )
on conflict (id) do update set delivered_at = excluded.delivered_at;
