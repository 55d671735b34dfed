-- Open lines of holds: those that expired by $3 at the places ($1 SKUs, $2 locations), whose levels
-- are locked, and the live ones of the holds $4.
(
    select
        line.hold_id,
        line.number,
        line.sku,
        line.location,
        line.kit,
        line.per_unit,
        line.requested,
        line.quantity,
        line.expires_at
    from unnest($1::text[], $2::text[]) as place (sku, location)
    cross join lateral (
        select hold_line.*
        from hold_line
        where
            hold_line.sku = place.sku
            and hold_line.location = place.location
            and hold_line.expires_at <= $3::timestamptz
            and hold_line.closed_at is null
            and hold_line.quantity > 0
        limit 10000
    ) as line
)
union all
select
    line.hold_id,
    line.number,
    line.sku,
    line.location,
    line.kit,
    line.per_unit,
    line.requested,
    line.quantity,
    line.expires_at
from hold_line as line
where
    line.hold_id = any($4::uuid[])
    and line.expires_at > $3::timestamptz
    and line.closed_at is null;
