-- Two events for each sketched order from $1 to $2 - 1, by principal $3, the first saying what $4 says.
insert into event (
    id, recorded_at, occurred_at, document_type, document_id, sequence, type, actor_id, channel, data
)
select
    (happened.stamp || '70' || happened.kind || '8' || lpad(to_hex(sketch.number), 15, '0'))::uuid as id,
    happened.at as recorded_at,
    happened.at as occurred_at,
    'order' as document_type,
    (sketch.stamp || '70008' || lpad(to_hex(sketch.number), 15, '0'))::uuid as document_id,
    happened.sequence,
    happened.type,
    $3::uuid as actor_id,
    'web' as channel,
    happened.data
from year_order as sketch
cross join
    lateral (
        values
        (sketch.stamp, '20', sketch.placed_at, 1, 'placed', $4::jsonb),
        (
            sketch.left_stamp, '21', sketch.left_at, 2, 'handed_over',
            jsonb_build_object(
                'lines',
                jsonb_build_array(
                    jsonb_build_object('line', 1, 'sku', sketch.first, 'quantity', 1),
                    jsonb_build_object('line', 2, 'sku', sketch.second, 'quantity', 1)
                )
            )
        )
    ) as happened (stamp, kind, at, sequence, type, data)
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
