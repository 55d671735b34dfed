-- Everything that happened to document $1, first to last.
select
    event.document_type,
    event.document_id,
    event.sequence,
    event.type,
    event.occurred_at,
    event.actor_id,
    event.channel,
    event.data::text as data
from event
where event.document_id = $1::uuid
order by event.sequence;
