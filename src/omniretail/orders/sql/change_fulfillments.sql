-- Writes what became of the fulfillments of the JSON array $1, whose orders are locked.
update fulfillment
set
    state = change.state,
    location = change.location,
    holds = change.holds,
    pickup = change.pickup,
    collect_by = change.collect_by,
    remind_at = change.remind_at
from
    json_to_recordset($1::json)
        as change (
            id uuid,
            state text,
            location text,
            holds jsonb,
            pickup jsonb,
            collect_by timestamptz,
            remind_at timestamptz
        )
where
    fulfillment.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and fulfillment.id = any($2::uuid[]);
