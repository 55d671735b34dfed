-- Locks the expected receipts $1 that are open, one after the other, and returns them.
select
    held.id,
    held.sku,
    held.location,
    held.quantity,
    held.received
from (
    select unnest($1::uuid[]) as id
    order by 1
) as wanted
cross join lateral (
    select expected_receipt.*
    from expected_receipt
    where expected_receipt.id = wanted.id and expected_receipt.cancelled_at is null
    limit 1
    for update
) as held;
