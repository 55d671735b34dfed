-- Writes the states of fulfillments, whose orders are locked.
update fulfillment
set state = change.state
from unnest($1::uuid[], $2::text[]) as change (id, state)
where fulfillment.id = change.id;
