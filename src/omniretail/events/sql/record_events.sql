-- Writes events.
insert into event (
    id, recorded_at, occurred_at, document_type, document_id, sequence, type, actor_id, channel, data
)
select
    fresh.id,
    $10::timestamptz,
    fresh.occurred_at,
    fresh.document_type,
    fresh.document_id,
    fresh.sequence,
    fresh.type,
    fresh.actor_id,
    fresh.channel,
    fresh.data::jsonb
from unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::integer[], $6::text[], $7::uuid[],
    $8::text[], $9::text[]
) as fresh (
    id, occurred_at, document_type, document_id, sequence, type, actor_id, channel, data
);
