-- The transfers $1. (The order has them looked up by their key, also by a plan that was made while the
-- table was empty.)
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
order by transfer.id;
