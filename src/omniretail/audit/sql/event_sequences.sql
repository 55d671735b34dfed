-- Orders, transfers, carts, returns, claims and customers whose events do not count from 1 to their version
-- without a gap.
with counted as (
    select
        event.document_id,
        count(*) as events,
        count(distinct event.sequence) as numbers,
        min(event.sequence) as first_number,
        max(event.sequence) as last_number
    from event
    where event.document_type in ('order', 'transfer', 'cart', 'return', 'claim', 'customer')
    group by event.document_id
),

document as (
    select
        sales_order.id,
        sales_order.number,
        sales_order.version
    from sales_order
    union all
    select
        transfer.id,
        transfer.number,
        transfer.version
    from transfer
    union all
    select
        cart.id,
        cart.code,
        cart.version
    from cart
    union all
    select
        sales_return.id,
        sales_return.number,
        sales_return.version
    from sales_return
    union all
    select
        claim.id,
        claim.number,
        claim.version
    from claim
    union all
    select
        customer.id,
        customer.id::text,
        customer.version
    from customer
)

select
    document.number,
    document.version,
    counted.events,
    counted.first_number,
    counted.last_number
from document
full join counted on document.id = counted.document_id
where
    document.version is distinct from counted.events
    or counted.numbers <> counted.events
    or counted.first_number <> 1
    or counted.last_number <> counted.events
order by document.number;
