-- Expected receipts of which something is to come, in the order of their announcement, behind $3 and at
-- most $4; of SKU $1, at location $2, each where given.
select
    expected.id,
    expected.sku,
    expected.location,
    expected.quantity,
    expected.received,
    expected.expected_at,
    expected.reference,
    expected.created_at,
    expected.cancelled_at
from expected_receipt as expected
where
    expected.cancelled_at is null
    and expected.received < expected.quantity
    and ($1::text is null or expected.sku = $1::text)
    and ($2::text is null or expected.location = $2::text)
    and ($3::uuid is null or expected.id > $3::uuid)
order by expected.id
limit $4::integer;
