-- Writes counts, recorded at $10.
insert into stock_count (
    id, recorded_at, occurred_at, sku, location, lot, quantity, variance, document_id, actor_id
)
select
    fresh.id,
    $10::timestamptz as recorded_at,
    fresh.occurred_at,
    fresh.sku,
    fresh.location,
    fresh.lot,
    fresh.quantity,
    fresh.variance,
    fresh.document_id,
    fresh.actor_id
from
    unnest(
        $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::integer[],
        $7::integer[], $8::uuid[], $9::uuid[]
    )
        as fresh (
            id, occurred_at, sku, location, lot, quantity, variance, document_id, actor_id
        );
