-- Locks the orders of up to $4 pickups whose customers were to be reminded by $1, behind those due at $2
-- with identity $3 (null: from the first), and returns the pickups, the longest due first. What is held up is
-- not reminded of, nor what is too late to collect. Race: as of no-shows.
with due as materialized (
    select
        fulfillment.id,
        fulfillment.order_id,
        fulfillment.remind_at as since
    from fulfillment
    where
        fulfillment.remind_at is not null
        and fulfillment.remind_at <= $1::timestamptz
        and fulfillment.state = 'ready'
        and fulfillment.holds is null
        and fulfillment.collect_by > $1::timestamptz
        and ($2::timestamptz is null or (fulfillment.remind_at, fulfillment.id) > ($2::timestamptz, $3::uuid))
    order by fulfillment.remind_at, fulfillment.id
    limit $4::integer
)

select
    due.id,
    due.since
from due
inner join sales_order on due.order_id = sales_order.id
-- Bounds the read also where the plan was made while the table was still empty.
where sales_order.id = any(array(select one.order_id from due as one))
order by due.since, due.id
for update of sales_order skip locked;
