-- Movements, the latest first: with identity $1, of SKU $2, location $3, document $4, type $5, reason $6,
-- kit $7, lot $8, with the serial number $9, that correct $10, that happened from $11 on and before $12,
-- each where given; older than $14, at most $15. Nothing is recorded before it happens, and identities
-- grow with time: $13 stands before $11, where reading may end.
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
    movement.kit,
    movement.lot,
    movement.serials,
    movement.corrects,
    movement.shortage_id,
    movement.document_type,
    movement.document_id,
    movement.actor_id,
    movement.channel
from stock_movement as movement
where
    ($1::uuid is null or movement.id = $1::uuid)
    and ($2::text is null or movement.sku = $2::text)
    and ($3::text is null or movement.location = $3::text)
    and ($4::uuid is null or movement.document_id = $4::uuid)
    and ($5::text is null or movement.type = $5::text)
    and ($6::text is null or movement.reason = $6::text)
    and ($7::text is null or movement.kit = $7::text)
    and ($8::text is null or movement.lot = $8::text)
    and ($9::text is null or $9::text = any(movement.serials))
    and ($10::uuid is null or movement.corrects = $10::uuid)
    and (
        $11::timestamptz is null
        or (movement.occurred_at >= $11::timestamptz and movement.recorded_at >= $11::timestamptz)
    )
    and ($12::timestamptz is null or movement.occurred_at < $12::timestamptz)
    and ($13::uuid is null or movement.id >= $13::uuid)
    and ($14::uuid is null or movement.id < $14::uuid)
order by movement.id desc
limit $15::integer;
