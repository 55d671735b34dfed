-- Locks the orders of up to $4 pickups whose time to collect was over by $1, behind those due at $2 with
-- identity $3 (null: from the first), and returns the pickups, the longest over first. Race: two workers at
-- once; each skips the orders that the other has locked. Who comes upon an order just after it was changed
-- may be told of a pickup that is over already: its key is used up, or its state refuses it.
with due as materialized (
    select
        fulfillment.id,
        fulfillment.order_id,
        fulfillment.collect_by as since
    from fulfillment
    where
        fulfillment.state = 'ready'
        and fulfillment.collect_by <= $1::timestamptz
        and (
            $2::timestamptz is null or (fulfillment.collect_by, fulfillment.id) > ($2::timestamptz, $3::uuid)
        )
    order by fulfillment.collect_by, fulfillment.id
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
