-- Takes out of the orders $1, which are locked, and their parts all that is personal; who placed one is $2
-- from then on. What they cost, of what, when and where stays as it was.
with emptied as (
    update sales_order
    set
        customer = case when sales_order.customer is null then null else $2::text end,
        ship_to = null,
        email = null
    where sales_order.id = any($1::uuid[])
),

collected as (
    update fulfillment
    set
        pickup = fulfillment.pickup - array['collector', 'spot', 'proof'],
        holds = (
            select jsonb_agg(held.up - 'note' order by held.place)
            from jsonb_array_elements(fulfillment.holds) with ordinality as held (up, place)
        )
    where
        fulfillment.order_id = any($1::uuid[])
        and (fulfillment.pickup is not null or fulfillment.holds is not null)
),

delivered as (
    update parcel
    set tracking_number = null, tracking_url = null
    where parcel.order_id = any($1::uuid[])
),

priced as (
    update order_line
    set price_reason = 'erased'
    where order_line.order_id = any($1::uuid[]) and order_line.price_reason is not null
),

paid as (
    update tender
    set card_token = null
    where tender.order_id = any($1::uuid[]) and tender.card_token is not null
),

told as (
    update order_exception
    set note = null
    where order_exception.order_id = any($1::uuid[]) and order_exception.note is not null
)

select 1;
