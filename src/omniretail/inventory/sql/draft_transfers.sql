-- Writes the transfers of the JSON array $1, made at $2, with nothing moved yet.
insert into transfer (
    id, number, source, destination, state, note, created_at, created_by, expected_at, version
)
select
    fresh.id,
    fresh.number,
    fresh.source,
    fresh.destination,
    fresh.state,
    fresh.note,
    $2::timestamptz,
    fresh.created_by,
    fresh.expected_at,
    fresh.version
from json_to_recordset($1::json) as fresh (
    id uuid,
    number text,
    source text,
    destination text,
    state text,
    note text,
    created_by uuid,
    expected_at timestamptz,
    version integer
);
