-- How many units of each lot are in transit, of the transfers $1: the sums of their own movements.
select
    movement.document_id as transfer_id,
    movement.sku,
    movement.lot,
    sum(
        movement.quantity
        * ((movement.to_state = 'in_transit')::integer - (movement.from_state = 'in_transit')::integer)
    )::integer as quantity
from stock_movement as movement
where movement.document_id = any($1::uuid[]) and movement.lot is not null
group by movement.document_id, movement.sku, movement.lot;
