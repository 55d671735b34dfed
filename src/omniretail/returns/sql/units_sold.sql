-- The units with a serial number that left for the orders $1, and did not come back on their returns. The
-- orders are locked, and so none comes back meanwhile.
select
    moved.order_id,
    moved.sku,
    moved.serial
from (
    select
        movement.document_id as order_id,
        movement.sku,
        unnest(movement.serials) as serial,
        1 as change
    from stock_movement as movement
    where movement.document_id = any($1::uuid[]) and movement.to_state = 'customer'
    union all
    select
        its.order_id,
        movement.sku,
        unnest(movement.serials) as serial,
        -1 as change
    from stock_movement as movement
    cross join
        lateral (
            select sales_return.order_id
            from sales_return
            where sales_return.id = movement.document_id
            limit 1
        ) as its
    where
        movement.from_state = 'customer'
        and movement.document_id = any(
            array(
                select sales_return.id
                from sales_return
                where sales_return.order_id = any($1::uuid[])
            )
        )
) as moved
group by moved.order_id, moved.sku, moved.serial
having sum(moved.change) > 0;
