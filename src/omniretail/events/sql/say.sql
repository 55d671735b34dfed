-- Has the events ($1 ids, recorded at $2) say $3.
update event
set data = said.data::jsonb
from unnest($1::uuid[], $2::timestamptz[], $3::text[]) as said (id, recorded_at, data)
where
    event.id = said.id
    and event.recorded_at = said.recorded_at
    -- Bounds the read also where the plan was made while the table was still empty.
    and event.id = any($1::uuid[]);
