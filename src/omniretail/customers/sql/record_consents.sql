-- Writes the decisions of the JSON array $1.
insert into customer_consent (
    id, customer_id, purpose, granted, decided_at, channel, actor_id, source, recorded_at
)
select
    fresh.id,
    fresh.customer_id,
    fresh.purpose,
    fresh.granted,
    fresh.decided_at,
    fresh.channel,
    fresh.actor_id,
    fresh.source,
    fresh.recorded_at
from json_to_recordset($1::json) as fresh (
    id uuid,
    customer_id uuid,
    purpose text,
    granted boolean,
    decided_at timestamptz,
    channel text,
    actor_id uuid,
    source text,
    recorded_at timestamptz
);
