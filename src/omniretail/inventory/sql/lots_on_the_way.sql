-- Which lots are on their way to stores, of the orders $1: what left and has not arrived, by the orders'
-- own movements, each with the earliest date that a place of it knows.
select
    movement.document_id,
    movement.sku,
    movement.lot,
    min(known.expires_on) as expires_on,
    sum(
        movement.quantity
        * ((movement.to_state = 'in_transit')::integer - (movement.from_state = 'in_transit')::integer)
    )::integer as on_hand
from stock_movement as movement
left join lateral (
    select stock_lot.expires_on
    from stock_lot
    where
        stock_lot.sku = movement.sku
        and stock_lot.location = movement.location
        and stock_lot.lot = movement.lot
    limit 1
) as known on true
where
    movement.document_id = any($1::uuid[])
    and movement.type in ('store_shipped', 'store_received')
    and movement.lot is not null
group by movement.document_id, movement.sku, movement.lot
having
    sum(
        movement.quantity
        * ((movement.to_state = 'in_transit')::integer - (movement.from_state = 'in_transit')::integer)
    ) > 0;
