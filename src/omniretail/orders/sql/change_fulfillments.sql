-- Writes the states of fulfillments, whose orders are locked.
update fulfillment
set state = change.state
from unnest($1::uuid[], $2::text[]) as change (id, state)
where
    fulfillment.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and fulfillment.id = any($1::uuid[]);
