-- Writes the events of the JSON array $1, recorded at $2.
insert into event (
    id, recorded_at, occurred_at, document_type, document_id, sequence, type, actor_id, channel, data
)
select
    fresh.id,
    $2::timestamptz,
    fresh.occurred_at,
    fresh.document_type,
    fresh.document_id,
    fresh.sequence,
    fresh.type,
    fresh.actor_id,
    fresh.channel,
    fresh.data
from json_to_recordset($1::json) as fresh (
    id uuid,
    occurred_at timestamptz,
    document_type text,
    document_id uuid,
    sequence integer,
    type text,
    actor_id uuid,
    channel text,
    data jsonb
);
