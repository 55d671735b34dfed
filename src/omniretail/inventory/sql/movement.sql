-- Movement $1.
select
    movement.id,
    movement.recorded_at,
    movement.occurred_at,
    movement.type,
    movement.sku,
    movement.location,
    movement.from_state,
    movement.to_state,
    movement.quantity,
    movement.reason,
    movement.document_type,
    movement.document_id,
    movement.actor_id,
    movement.channel
from stock_movement as movement
where movement.id = $1::uuid;
