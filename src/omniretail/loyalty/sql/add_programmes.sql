-- Adds the versions $1 of the loyalty programme (one JSON array). Two that add one for the same moment at
-- once: the second waits here for the first, and its transaction runs again and finds it.
insert into loyalty_programme (id, effective_from, spec, created_at, created_by)
select
    added.id,
    added.effective_from,
    added.programme,
    added.created_at,
    added.created_by
from
    jsonb_to_recordset($1::text::jsonb) as added (
        id uuid,
        effective_from timestamptz,
        programme jsonb,
        created_at timestamptz,
        created_by uuid
    );
