-- The customer's e-mail address, in lower case, and the stable token of a card; never a card's number.

alter table sales_order add column email text;

alter table sales_order
add constraint sales_order_email_not_empty check (email <> '');

alter table cart add column email text;

alter table cart
add constraint cart_email_not_empty check (email <> '');

alter table tender add column card_token text;

alter table tender
add constraint tender_card_token_of_card check (card_token is null or type in ('card', 'ewallet'));

alter table payment add column card_token text;

-- A sale is found by whoever bought it, by the card, and by a unit that left with it.

create index sales_order_customer_idx on sales_order (customer, id) where customer is not null;

create index sales_order_email_idx on sales_order (email, id) where email is not null;

create index tender_card_token_idx on tender (card_token, order_id) where card_token is not null;

create index stock_movement_serials_idx on stock_movement using gin (serials) where serials is not null;
