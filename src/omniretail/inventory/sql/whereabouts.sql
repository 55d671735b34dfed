-- Where the SKUs $1 (one, or the components of a kit) may be: every location, with their last movement
-- and count there and an open shortage case.
select
    location.code,
    location.name,
    location.kind,
    location.latitude,
    location.longitude,
    stamp.moved_at,
    stamp.counted_at,
    stamp.shortage_id
from location
left join lateral (
    select
        max(level.moved_at) as moved_at,
        max(level.counted_at) as counted_at,
        (array_agg(level.shortage_id) filter (where level.shortage_id is not null))[1] as shortage_id
    from stock_level as level
    where level.location = location.code and level.sku = any($1::text[])
) as stamp on true
order by location.code;
