-- Orders that gave back, or let go before it was taken, or owe another amount than they cost less by now,
-- what coins made of it and what paid for the additions of edits and exchanges left out; more of a tender
-- than it paid of the price, or to itself than was taken of it; or in cash to itself a sum, up to some
-- event, that coins cannot make. Units that are cancelled, or returned and paid back, take their exact share
-- of their line with them, at its adjusted price if it has one; shipping goes with the last of them, unless
-- it is kept.
with given_up as (
    select
        sales_order.id as order_id,
        coalesce(sum(
            line.total_minor - paid.worth_minor
            + div(paid.worth_minor * gone.quantity + line.quantity - 1, line.quantity)
        ), 0) + case
            when bool_and(gone.quantity = line.quantity) and not sales_order.shipping_kept
                then coalesce((sales_order.shipping ->> 'total_minor')::bigint, 0)
            else 0
        end - sales_order.exchanged_minor as due_minor
    from sales_order
    left join order_line as line on sales_order.id = line.order_id
    cross join
        lateral (
            select coalesce(line.adjusted_total_minor, line.total_minor)::numeric as worth_minor
        ) as paid
    cross join
        lateral (select line.cancelled_quantity + line.refunded_quantity as quantity) as gone
    group by sales_order.id
),

step as (
    select
        refund.order_id,
        refund.tender_number,
        tender.rounding_minor,
        tender.amount_minor - tender.uncaptured_minor - tender.voided_minor as tender_minor,
        tender.cash_step_minor,
        refund.method,
        refund.amount_minor - refund.rounding_minor as paid_minor,
        sum(refund.amount_minor) over (
            partition by refund.order_id, refund.tender_number, refund.method
            order by refund.event_sequence
        ) as so_far_minor,
        sum(refund.amount_minor - refund.rounding_minor) over (
            partition by refund.order_id, refund.tender_number
            order by refund.event_sequence
        ) as of_price_minor
    from refund
    left join tender
        on refund.order_id = tender.order_id and refund.tender_number = tender.number
),

given_back as (
    select
        step.order_id,
        sum(step.paid_minor) as amount_minor,
        bool_or(
            step.of_price_minor > coalesce(step.tender_minor - step.rounding_minor, 0)
            or (step.method is null and step.so_far_minor > coalesce(step.tender_minor, 0))
        ) as above_tender,
        coalesce(
            bool_or(mod(step.so_far_minor, step.cash_step_minor) <> 0) filter (where step.method is null),
            false
        ) as between_coins
    from step
    group by step.order_id
),

let_go as (
    select
        tender.order_id,
        sum(tender.voided_minor) as amount_minor,
        sum(tender.owed_minor) as owed_minor
    from tender
    group by tender.order_id
)

select
    order_id,
    given_up.due_minor,
    coalesce(given_back.amount_minor, 0) as refunded_minor,
    coalesce(let_go.amount_minor, 0) as voided_minor,
    coalesce(let_go.owed_minor, 0) as owed_minor,
    coalesce(given_back.above_tender, false) as above_tender,
    coalesce(given_back.between_coins, false) as between_coins
from given_up
full join given_back using (order_id)
left join let_go using (order_id)
where
    coalesce(given_up.due_minor, 0)
    <> coalesce(given_back.amount_minor, 0)
    + coalesce(let_go.amount_minor, 0)
    + coalesce(let_go.owed_minor, 0)
    or given_back.above_tender
    or given_back.between_coins
order by order_id;
