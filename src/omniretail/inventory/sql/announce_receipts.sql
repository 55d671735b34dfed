-- Writes expected receipts, announced at $8.
insert into expected_receipt (
    id, sku, location, quantity, received, expected_at, reference, created_at, created_by
)
select
    fresh.id,
    fresh.sku,
    fresh.location,
    fresh.quantity,
    0 as received,
    fresh.expected_at,
    fresh.reference,
    $8::timestamptz as created_at,
    fresh.created_by
from
    unnest(
        $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[], $7::uuid[]
    )
        as fresh (id, sku, location, quantity, expected_at, reference, created_by);
