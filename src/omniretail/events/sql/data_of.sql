-- What the events of the documents $1 say.
select
    event.id,
    event.recorded_at,
    event.type,
    event.data::text as data
from event
where event.document_id = any($1::uuid[]) and event.data <> '{}'::jsonb;
