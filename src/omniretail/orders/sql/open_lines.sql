-- The open order lines that await goods of ($1 SKUs, $2 locations), as themselves or as a component of a
-- kit, the oldest first, at most $4 for each; of channel $3 where given.
select
    place.sku as awaited,
    place.location,
    line.order_id,
    line.number,
    line.line_number,
    line.sku,
    line.open_quantity
from unnest($1::text[], $2::text[]) as place (sku, location)
cross join
    lateral (
        select
            fulfillment.id as fulfillment_id,
            fulfillment.order_id,
            sales_order.number,
            order_line.line_number,
            order_line.sku,
            order_line.quantity
            - order_line.fulfilled_quantity
            - order_line.cancelled_quantity as open_quantity
        from fulfillment
        inner join order_line
            on
                fulfillment.order_id = order_line.order_id
                and fulfillment.number = order_line.fulfillment_number
        inner join sales_order on fulfillment.order_id = sales_order.id
        where
            fulfillment.location = place.location
            and fulfillment.state = any(
                array['allocated', 'picking', 'packed', 'arrived', 'ready']
            )
            and (order_line.sku = place.sku or jsonb_exists(order_line.components, place.sku))
            and order_line.quantity > order_line.fulfilled_quantity + order_line.cancelled_quantity
            and ($3::text is null or sales_order.channel = $3::text)
        order by fulfillment.id, order_line.line_number
        limit $4::integer
    ) as line
order by place.sku, place.location, line.fulfillment_id, line.line_number;
