-- The ledger, in the order in which it lies, which is about that of recording: to sort it would take
-- room for all of it.
select
    movement.id,
    to_char(movement.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at,
    to_char(movement.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
    movement.type,
    movement.sku,
    movement.location,
    movement.from_state,
    movement.to_state,
    movement.quantity,
    movement.reason,
    movement.kit,
    movement.lot,
    array_to_string(movement.serials, ' ') as serials,
    movement.corrects,
    movement.shortage_id,
    movement.document_type,
    movement.document_id,
    movement.actor_id,
    movement.channel
from stock_movement as movement;
