-- Writes the lines of holds, whose levels are locked.
insert into hold_line (
    hold_id, number, sku, location, kit, per_unit, requested, quantity, created_at, expires_at
)
select
    placed.hold_id,
    placed.number,
    placed.sku,
    placed.location,
    placed.kit,
    placed.per_unit,
    placed.requested,
    placed.quantity,
    placed.created_at,
    placed.expires_at
from
    unnest(
        $1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[],
        $8::integer[], $9::timestamptz[], $10::timestamptz[]
    )
        as placed (
            hold_id, number, sku, location, kit, per_unit, requested, quantity, created_at,
            expires_at
        );
