-- Locks the expected receipts $1, one after the other, and returns them. Race: goods arrive while
-- somebody cancels what has not arrived; whoever comes second finds what the first one left.
select
    held.id,
    held.sku,
    held.location,
    held.quantity,
    held.received,
    held.expected_at,
    held.reference,
    held.created_at,
    held.cancelled_at
from (
    select unnest($1::uuid[]) as id
    order by 1
) as wanted
cross join lateral (
    select expected_receipt.*
    from expected_receipt
    where expected_receipt.id = wanted.id
    limit 1
    for update
) as held;
