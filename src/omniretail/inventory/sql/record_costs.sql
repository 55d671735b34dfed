-- Writes what receipts cost, and the averages after them, recorded at $9.
insert into stock_cost (
    movement_id, sku, location, recorded_at, quantity, unit_cost, currency, on_hand_before, average
)
select
    fresh.movement_id,
    fresh.sku,
    fresh.location,
    $9::timestamptz as recorded_at,
    fresh.quantity,
    fresh.unit_cost,
    fresh.currency,
    fresh.on_hand_before,
    fresh.average
from
    unnest(
        $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::numeric[], $6::text[], $7::integer[],
        $8::numeric[]
    )
        as fresh (
            movement_id, sku, location, quantity, unit_cost, currency, on_hand_before, average
        );
