-- Writes the notes of the JSON array $1.
insert into customer_note (id, customer_id, text, noted_at, actor_id, channel)
select
    fresh.id,
    fresh.customer_id,
    fresh.text,
    fresh.noted_at,
    fresh.actor_id,
    fresh.channel
from json_to_recordset($1::json) as fresh (
    id uuid,
    customer_id uuid,
    text text,
    noted_at timestamptz,
    actor_id uuid,
    channel text
);
