-- Locks up to $2 operations that a provider declined and that their orders were not told of yet, behind $1,
-- first to last, and returns them. Race: two workers at once; each skips what the other has locked, and what
-- the other has told already is no longer chosen once its row is read again.
select
    operation.id,
    operation.order_id,
    operation.tender_number,
    operation.kind,
    operation.amount_minor,
    operation.failure,
    operation.done_at
from payment_operation as operation
where
    operation.state = 'failed'
    and operation.told_at is null
    and operation.order_id is not null
    and operation.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
order by operation.id
limit $2::integer
for update skip locked;
