-- Locks up to $2 operations that a provider declined and that their orders were not told of yet, behind $1,
-- first to last, and returns them. Race: two workers at once; each skips what the other has locked, and what
-- the other has told already is no longer chosen once its row is read again. What there was to be given
-- back stands beside each, so that nobody is owed what was never taken.
select
    operation.id,
    operation.order_id,
    operation.tender_number,
    operation.kind,
    operation.amount_minor,
    operation.failure,
    operation.done_at,
    (
        select
            coalesce(sum(
                case other.kind when 'capture' then other.amount_minor else -other.amount_minor end
            ), 0)
        from payment_operation as other
        where
            other.payment_id = operation.payment_id
            and other.kind in ('capture', 'refund')
            and other.state = 'done'
    )::bigint as taken_minor
from payment_operation as operation
where
    operation.state = 'failed'
    and operation.told_at is null
    and operation.order_id is not null
    and operation.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
order by operation.id
limit $2::integer
for update of operation skip locked;
