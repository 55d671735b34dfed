-- The orders with which a unit left that has the serial number $1, of SKU $2 (null: any). The SKU is no
-- condition that an index could serve: a plan by it would read all that ever moved of the SKU.
select distinct movement.document_id
from stock_movement as movement
where
    movement.serials @> array[$1::text]
    and movement.serials is not null
    and movement.sku = coalesce($2::text, movement.sku)
    and movement.to_state = 'customer'
    and movement.document_type = 'order';
