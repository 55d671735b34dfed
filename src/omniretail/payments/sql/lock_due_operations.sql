-- Leases up to $2 operations at the provider $4 that are due at $1, until $3, and returns them with what
-- their payments authorized and captured. Of each payment only the first that is due. Race: two workers
-- at once; each skips what the other has locked, and what the other has leased already is no longer chosen
-- once its row is read again.
with chosen as materialized (
    select
        operation.id,
        paid.currency,
        paid.provider_reference,
        paid.amount_minor as authorized_minor,
        (
            select coalesce(sum(captured.amount_minor), 0)::bigint
            from payment_operation as captured
            where
                captured.payment_id = operation.payment_id
                and captured.kind = 'capture'
                and captured.state = 'done'
        ) as captured_minor
    from payment_operation as operation
    cross join
        lateral (
            select
                payment.currency,
                payment.provider_reference,
                payment.amount_minor
            from payment
            where payment.id = operation.payment_id and payment.provider = $4::text
            limit 1
        ) as paid
    where
        operation.state = 'due'
        and operation.due_at <= $1::timestamptz
        and (operation.leased_until is null or operation.leased_until <= $1::timestamptz)
        and operation.id = (
            select first.id
            from payment_operation as first
            where first.payment_id = operation.payment_id and first.done_at is null
            order by first.id
            limit 1
        )
    order by operation.due_at
    limit $2::integer
    for update of operation skip locked
)

update payment_operation as operation
set
    leased_until = $3::timestamptz,
    attempts = operation.attempts + 1
from chosen
where
    operation.id = chosen.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and operation.id = any(array(select one.id from chosen as one))
returning
    operation.id,
    operation.payment_id,
    operation.kind,
    operation.amount_minor,
    chosen.currency,
    chosen.provider_reference as reference,
    chosen.authorized_minor,
    chosen.captured_minor,
    operation.attempts;
