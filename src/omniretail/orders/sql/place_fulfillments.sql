-- Writes the fulfillments of the orders of the JSON array $1: what is carried out has been handed
-- over, the rest is promised.
insert into fulfillment (id, order_id, number, kind, location, state)
select
    part.id,
    placed.id as order_id,
    part.number,
    part.kind,
    part.location,
    case when part.kind = 'carry_out' then 'handed_over' else 'allocated' end as state
from json_to_recordset($1::json) as placed (id uuid, fulfillments json)
cross join lateral json_to_recordset(placed.fulfillments) as part (
    id uuid,
    number integer,
    kind text,
    location text
);
