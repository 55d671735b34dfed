-- Orders whose events do not count from 1 to their version without a gap.
with counted as (
    select
        event.document_id,
        count(*) as events,
        count(distinct event.sequence) as numbers,
        min(event.sequence) as first_number,
        max(event.sequence) as last_number
    from event
    where event.document_type = 'order'
    group by event.document_id
)

select
    sales_order.number,
    sales_order.version,
    counted.events,
    counted.first_number,
    counted.last_number
from sales_order
full join counted on sales_order.id = counted.document_id
where
    sales_order.version is distinct from counted.events
    or counted.numbers <> counted.events
    or counted.first_number <> 1
    or counted.last_number <> counted.events
order by sales_order.number;
