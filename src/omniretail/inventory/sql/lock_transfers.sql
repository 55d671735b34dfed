-- Locks the transfers $1 in the order of their ids, before any level, and returns them. Race: two
-- receipts of the same goods at once; the second waits here, and then reads what the first left. (The
-- order has them looked up by their key, also by a plan that was made while the table was empty.)
select
    transfer.id,
    transfer.number,
    transfer.source,
    transfer.destination,
    transfer.note,
    transfer.created_at,
    transfer.created_by,
    transfer.expected_at,
    transfer.shipped_at,
    transfer.closed_at,
    transfer.version
from transfer
where transfer.id = any($1::uuid[])
order by transfer.id
for update;
