-- Fulfillments whose state is not what their lines say.
with said as (
    select
        part.id,
        part.state,
        case
            when bool_or(line.quantity > line.fulfilled_quantity + line.cancelled_quantity)
                then 'allocated'
            when not bool_or(line.fulfilled_quantity > 0) then 'cancelled'
            when part.kind = 'ship' then 'shipped'
            else 'handed_over'
        end as by_lines
    from fulfillment as part
    left join order_line as line
        on part.order_id = line.order_id and part.number = line.fulfillment_number
    group by part.id
)

select
    said.id,
    said.state,
    said.by_lines
from said
where said.state is distinct from said.by_lines
order by said.id;
