-- Movements older than $4, the latest first, at most $5; of SKU $1, location $2, document $3, with
-- identity $6, each where given.
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
where
    ($1::text is null or movement.sku = $1::text)
    and ($2::text is null or movement.location = $2::text)
    and ($3::uuid is null or movement.document_id = $3::uuid)
    and ($4::uuid is null or movement.id < $4::uuid)
    and ($6::uuid is null or movement.id = $6::uuid)
order by movement.id desc
limit $5::integer;
