-- Payments whose operations do not add up: operations of no payment, or of another order than the one that
-- used it; captured beyond what was authorized, refunded beyond what was captured, or voided and never
-- released. Of the sandbox's payments also those of which it says something else, once nothing is due.
with operation as (
    select
        payment_operation.payment_id,
        bool_or(payment_operation.state = 'due') as is_due,
        bool_or(payment_operation.order_id is distinct from payment.order_id) as is_elsewhere,
        coalesce(
            sum(payment_operation.amount_minor) filter (
                where payment_operation.kind = 'capture' and payment_operation.state <> 'failed'
            ),
            0
        ) as captured_minor,
        coalesce(
            sum(payment_operation.amount_minor) filter (
                where
                payment_operation.kind = 'refund'
                and (
                    payment_operation.state = 'done'
                    or (payment_operation.state = 'due' and not captures.declined)
                )
            ),
            0
        ) as refunded_minor,
        count(*) filter (where payment_operation.kind = 'void') as voids_wanted,
        count(*) filter (
            where payment_operation.kind = 'void' and payment_operation.state <> 'failed'
        ) as voids
    from payment_operation
    left join payment on payment.id = payment_operation.payment_id
    cross join
        lateral (
            -- What was never captured cannot be refunded: the provider will say so when it is asked.
            select count(*) > 0 as declined
            from payment_operation as other
            where
                other.payment_id = payment_operation.payment_id
                and other.kind = 'capture'
                and other.state = 'failed'
        ) as captures
    group by payment_operation.payment_id
),

charge as (
    select
        sandbox_charge.payment_id,
        sum(sandbox_charge.amount_minor) filter (
            where sandbox_charge.kind = 'authorization'
        ) as authorized_minor,
        coalesce(
            sum(sandbox_charge.amount_minor) filter (where sandbox_charge.kind = 'capture'), 0
        ) as captured_minor,
        coalesce(
            sum(sandbox_charge.amount_minor) filter (where sandbox_charge.kind = 'refund'), 0
        ) as refunded_minor,
        count(*) filter (where sandbox_charge.kind = 'void') as voids
    from sandbox_charge
    where sandbox_charge.decline_code is null
    group by sandbox_charge.payment_id
)

select
    operation.payment_id as payment,
    'operations of no payment, or of another order' as fault
from operation
left join payment on payment.id = operation.payment_id
where payment.id is null or operation.is_elsewhere
union all
select
    payment.id,
    'operations beyond what was authorized or captured, or not released' as fault
from payment
left join operation on operation.payment_id = payment.id
where
    operation.captured_minor > payment.amount_minor
    or operation.refunded_minor > operation.captured_minor
    or (payment.state in ('pending', 'authorized', 'declined') and operation.payment_id is not null)
    or (payment.state = 'voided' and coalesce(operation.voids_wanted, 0) = 0)
union all
select
    payment.id,
    'the sandbox says something else' as fault
from payment
left join operation on operation.payment_id = payment.id
left join charge on charge.payment_id = payment.id
where
    payment.provider = 'sandbox'
    and payment.state <> 'pending'
    and not coalesce(operation.is_due, false)
    and (
        coalesce(charge.authorized_minor, 0)
        <> case when payment.state = 'declined' then 0 else payment.amount_minor end
        or coalesce(charge.captured_minor, 0) <> coalesce(operation.captured_minor, 0)
        or coalesce(charge.refunded_minor, 0) <> coalesce(operation.refunded_minor, 0)
        or coalesce(charge.voids, 0) <> coalesce(operation.voids, 0)
    );
