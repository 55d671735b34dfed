-- Writes what goods were graded as, at the moment $2: the JSON array $1.
insert into return_grading (
    id, return_id, line_number, location, from_disposition, to_disposition, quantity, reason,
    occurred_at, recorded_at, actor_id
)
select
    fresh.id,
    fresh.return_id,
    fresh.line_number,
    fresh.location,
    fresh.from_disposition,
    fresh.to_disposition,
    fresh.quantity,
    fresh.reason,
    fresh.occurred_at,
    $2::timestamptz as recorded_at,
    fresh.actor_id
from json_to_recordset($1::json) as fresh (
    id uuid,
    return_id uuid,
    line_number integer,
    location text,
    from_disposition text,
    to_disposition text,
    quantity integer,
    reason text,
    occurred_at timestamptz,
    actor_id uuid
);
