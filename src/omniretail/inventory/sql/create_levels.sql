-- Brings the levels of the JSON array $1 into being with what first arrived. Race: another transaction
-- may have done so since the lock found none; who comes second runs again, for a count or a lot may be
-- there by now.
insert into stock_level (
    sku, location, on_hand, allocated, held, damaged, quality_control, suspected,
    moved_at, counted_at, shortage_id
)
select
    fresh.sku,
    fresh.location,
    coalesce(fresh.on_hand, 0) as on_hand,
    coalesce(fresh.allocated, 0) as allocated,
    coalesce(fresh.held, 0) as held,
    coalesce(fresh.damaged, 0) as damaged,
    coalesce(fresh.quality_control, 0) as quality_control,
    coalesce(fresh.suspected, 0) as suspected,
    fresh.moved_at,
    fresh.counted_at,
    fresh.shortage_id
from
    json_to_recordset($1::json)
        as fresh (
            sku text,
            location text,
            on_hand integer,
            allocated integer,
            held integer,
            damaged integer,
            quality_control integer,
            suspected integer,
            moved_at timestamptz,
            counted_at timestamptz,
            shortage_id uuid
        )
order by fresh.sku, fresh.location;
