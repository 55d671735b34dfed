-- Five movements for each sketched order from $1 to $2 - 1, by principal $3: what was received for it the
-- day before, what it promised, and what left with the customer. So each level ends as it began.
insert into stock_movement (
    id, recorded_at, occurred_at, type, sku, location, from_state, to_state, quantity, reason,
    document_type, document_id, actor_id, channel, idempotency_key
)
select
    (leg.stamp || '70' || leg.kind || '8' || lpad(to_hex(sketch.number), 15, '0'))::uuid as id,
    leg.at as recorded_at,
    leg.at as occurred_at,
    leg.type,
    leg.sku,
    sketch.location,
    leg.from_state,
    leg.to_state,
    leg.quantity,
    leg.reason,
    leg.document_type,
    (
        sketch.stamp || case leg.document_type when 'order' then '7000' else '7001' end
        || '8' || lpad(to_hex(sketch.number), 15, '0')
    )::uuid as document_id,
    $3::uuid as actor_id,
    case leg.document_type when 'order' then 'web' end as channel,
    leg.key || lpad(sketch.number::text, 17, '0') as idempotency_key
from year_order as sketch
cross join
    lateral (
        values
        (
            lpad(to_hex((extract(epoch from sketch.placed_at - interval '1 day') * 1000)::bigint), 12, '0'),
            '10', sketch.placed_at - interval '1 day', 'received', sketch.first, 'supplier', 'available',
            2, 'purchase', 'receipt', 'recpt-'
        ),
        (
            sketch.stamp, '11', sketch.placed_at, 'allocated', sketch.first, 'available', 'allocated',
            1, null, 'order', 'place-'
        ),
        (
            sketch.stamp, '12', sketch.placed_at, 'allocated', sketch.second, 'available', 'allocated',
            1, null, 'order', 'place-'
        ),
        (
            sketch.left_stamp, '13', sketch.left_at, 'handed_over', sketch.first, 'allocated', 'customer',
            1, null, 'order', 'leave-'
        ),
        (
            sketch.left_stamp, '14', sketch.left_at, 'handed_over', sketch.second, 'allocated', 'customer',
            1, null, 'order', 'leave-'
        )
    ) as leg (
        stamp, kind, at, type, sku, from_state, to_state, quantity, reason, document_type, key
    )
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
