-- Fulfillments whose state is not one that their lines allow; that are ready without a deadline, or have one
-- without being ready; and lines, divided ones
-- as a whole, of which more or fewer units were shipped than parcels have.
with said as (
    select
        part.id,
        part.order_id,
        part.kind,
        part.state,
        part.collect_by,
        coalesce(bool_or(line.quantity > line.fulfilled_quantity + line.cancelled_quantity), false)
            as is_open,
        coalesce(bool_or(line.fulfilled_quantity > 0), false) as is_fulfilled
    from fulfillment as part
    left join order_line as line
        on part.order_id = line.order_id and part.number = line.fulfillment_number
    group by part.id
),

judged as (
    select
        said.*,
        case
            when said.kind = 'carry_out' then said.state = 'handed_over'
            when said.is_open
                then said.state in (
                    'allocated', 'picking', 'packed', 'in_transit', 'arrived', 'ready', 'rejected'
                )
            when not said.is_fulfilled then said.state in ('cancelled', 'no_show', 'rejected')
            when said.kind = 'ship' then said.state in ('shipped', 'delivered')
            else said.state = 'handed_over'
        end and (said.state = 'ready') = (said.collect_by is not null) as holds
    from said
),

fulfilled as (
    select
        line.order_id,
        coalesce(line.part_of, line.line_number) as line_number,
        sum(line.fulfilled_quantity) as quantity
    from order_line as line
    inner join fulfillment
        on line.order_id = fulfillment.order_id and line.fulfillment_number = fulfillment.number
    where fulfillment.kind = 'ship'
    group by line.order_id, coalesce(line.part_of, line.line_number)
),

sent as (
    select
        parcel.order_id,
        coalesce(line.part_of, unit.line::integer) as line_number,
        sum(unit.quantity::integer) as quantity
    from parcel
    inner join fulfillment on parcel.fulfillment_id = fulfillment.id
    cross join lateral jsonb_each_text(parcel.lines) as unit (line, quantity)
    left join order_line as line
        on parcel.order_id = line.order_id and unit.line::integer = line.line_number
    where fulfillment.kind = 'ship'
    group by parcel.order_id, coalesce(line.part_of, unit.line::integer)
)

select
    judged.id,
    judged.state,
    judged.is_open,
    judged.is_fulfilled
from judged
where not judged.holds
union all
select
    coalesce(sent.order_id, fulfilled.order_id) as id,
    'parcels of line ' || coalesce(sent.line_number, fulfilled.line_number) as state,
    null as is_open,
    null as is_fulfilled
from sent
full join fulfilled on sent.order_id = fulfilled.order_id and sent.line_number = fulfilled.line_number
where coalesce(sent.quantity, 0) <> coalesce(fulfilled.quantity, 0)
order by id, state;
