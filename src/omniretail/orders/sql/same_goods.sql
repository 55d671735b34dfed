-- The orders that have goods promised at a location and not packed (the states $4): those that the open
-- lines of the fulfillments $1 await where these are, and those of the places ($2 SKUs, $3 locations).
-- Race: nothing is locked, so orders may come and go. Whoever locked those they are told of, and then the
-- levels of the places, asks again: from then on nobody is promised anything there. `offset 0` has each part
-- looked up by its keys, also by a plan that was made while the tables were still empty.
select distinct other.order_id
from (
    select
        coalesce(part.component, line.sku) as sku,
        line.location
    from unnest($1::uuid[]) as named (id)
    cross join
        lateral (
            select
                order_line.sku,
                order_line.components,
                rejected.location
            from (
                select
                    fulfillment.order_id,
                    fulfillment.number,
                    fulfillment.location
                from fulfillment
                where fulfillment.id = named.id
                limit 1
            ) as rejected
            cross join
                lateral (
                    select
                        order_line.sku,
                        order_line.components
                    from order_line
                    where
                        order_line.order_id = rejected.order_id
                        and order_line.fulfillment_number = rejected.number
                        and order_line.quantity
                        > order_line.fulfilled_quantity + order_line.cancelled_quantity
                    offset 0
                ) as order_line
        ) as line
    left join lateral jsonb_object_keys(line.components) as part (component) on true
    union
    select
        place.sku,
        place.location
    from unnest($2::text[], $3::text[]) as place (sku, location)
) as goods
cross join
    lateral (
        select fulfillment.order_id
        from fulfillment
        cross join
            lateral (
                select order_line.sku
                from order_line
                where
                    order_line.order_id = fulfillment.order_id
                    and order_line.fulfillment_number = fulfillment.number
                    and (
                        order_line.sku = goods.sku
                        or jsonb_exists(order_line.components, goods.sku)
                    )
                    and order_line.quantity
                    > order_line.fulfilled_quantity + order_line.cancelled_quantity
                limit 1
            ) as awaited
        where
            fulfillment.location = goods.location
            and fulfillment.state = any($4::text[])
        offset 0
    ) as other;
