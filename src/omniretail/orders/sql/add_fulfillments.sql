-- Writes fulfillments that came to orders later: the JSON array $1, each with its order.
insert into fulfillment (
    id, order_id, number, kind, location, state, source, destination, attempt, holds,
    pickup
)
select
    part.id,
    part.order_id,
    part.number,
    part.kind,
    part.location,
    coalesce(part.state, 'allocated') as state,
    part.source,
    part.destination,
    coalesce(part.attempt, 1) as attempt,
    part.holds,
    part.pickup
from json_to_recordset($1::json) as part (
    id uuid,
    order_id uuid,
    number integer,
    kind text,
    location text,
    state text,
    source text,
    destination text,
    attempt integer,
    holds jsonb,
    pickup jsonb
);
