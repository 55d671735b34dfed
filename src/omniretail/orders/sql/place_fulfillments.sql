-- Writes the fulfillments of the orders of the JSON array $1.
insert into fulfillment (
    id, order_id, number, kind, location, state, source, destination, attempt, holds
)
select
    part.id,
    placed.id as order_id,
    part.number,
    part.kind,
    part.location,
    coalesce(part.state, 'allocated') as state,
    part.source,
    part.destination,
    coalesce(part.attempt, 1) as attempt,
    part.holds
from json_to_recordset($1::json) as placed (id uuid, fulfillments json)
cross join lateral json_to_recordset(placed.fulfillments) as part (
    id uuid,
    number integer,
    kind text,
    location text,
    state text,
    source text,
    destination text,
    attempt integer,
    holds jsonb
);
