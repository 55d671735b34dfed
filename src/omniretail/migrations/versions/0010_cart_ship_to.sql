-- Where the parcels of a cart go, so that it can become an order when its payment comes in.

alter table cart add column ship_to jsonb;

-- What is set aside for a cart and used by no order yet.

create index payment_cart_idx on payment (cart_id) where state = 'authorized';
