-- Brings levels into being with what first arrived. Race: another transaction may have done so
-- since the lock found none; who comes second runs again, for a count or a lot may be there by now.
insert into stock_level (
    sku, location, on_hand, allocated, held, damaged, quality_control,
    moved_at, counted_at, shortage_id
)
select
    fresh.sku,
    fresh.location,
    fresh.on_hand,
    fresh.allocated,
    fresh.held,
    fresh.damaged,
    fresh.quality_control,
    fresh.moved_at,
    fresh.counted_at,
    fresh.shortage_id
from
    unnest(
        $1::text[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[],
        $7::integer[], $8::timestamptz[], $9::timestamptz[], $10::uuid[]
    )
        as fresh (
            sku, location, on_hand, allocated, held, damaged, quality_control,
            moved_at, counted_at, shortage_id
        )
order by fresh.sku, fresh.location;
