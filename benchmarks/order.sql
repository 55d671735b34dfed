-- One order as the product writes it, row for row, in a transaction of its own; see pgbench.py for
-- the variables. Identities are counted, as pgbench cannot hold a text of its own making; they grow
-- with time, as the product's do. One statement for each table, each line's level by itself.
\set n :n + 1
\set id :n * 1024 + :client_id
\set number permute(:id, 1099511627776, 1)
\set x random(0, :skus - 1)
\set y (:x + random(1, greatest(1, :skus - 1))) % :skus
\set a least(:x, :y)
\set b greatest(:x, :y)
\set l random(0, :locations - 1)
begin;
insert into idempotency_key (principal_id, key, request_hash, answer, recorded_at) values (:principal, 'bench-' || lpad(:id::text, 17, '0'), '\x00112233445566778899aabbccddeeff', :answer, now());
update stock_level set allocated = allocated + 1 where sku = 'SKU-' || lpad(:a::text, 4, '0') and location = 'L' || :l::text and on_hand - allocated >= 1;
update stock_level set allocated = allocated + 1 where sku = 'SKU-' || lpad(:b::text, 4, '0') and location = 'L' || :l::text and on_hand - allocated >= 1;
insert into sales_order (id, number, channel, location, currency, total_minor, book_version, placed_by, placed_at, recorded_at, idempotency_key, version, customer_groups, coupons, rounding, tax_per) values (('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, '2611-' || lpad(to_hex(:number::bigint), 10, '0'), 'web', null, 'EUR', 2000, 1, :principal, now(), now(), 'bench-' || lpad(:id::text, 17, '0'), 1, '{}', '{}', 'half_up', 'line');
insert into order_line (order_id, line_number, fulfillment_number, sku, quantity, fulfilled_quantity, cancelled_quantity, list_price_minor, unit_price_minor, price_reason, total_minor, price_list, tax_class, tax_included, tax_minor) values (('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, 1, 1, 'SKU-' || lpad(:a::text, 4, '0'), 1, 0, 0, 1000, 1000, null, 1000, 'retail', 'standard', true, 0), (('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, 2, 1, 'SKU-' || lpad(:b::text, 4, '0'), 1, 0, 0, 1000, 1000, null, 1000, 'retail', 'standard', true, 0);
insert into stock_movement (id, recorded_at, occurred_at, type, sku, location, from_state, to_state, quantity, reason, document_type, document_id, actor_id, channel, idempotency_key) values (uuidv7(), now(), now(), 'allocated', 'SKU-' || lpad(:a::text, 4, '0'), 'L' || :l::text, 'available', 'allocated', 1, null, 'order', ('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, :principal::uuid, 'web', 'bench-' || lpad(:id::text, 17, '0')), (uuidv7(), now(), now(), 'allocated', 'SKU-' || lpad(:b::text, 4, '0'), 'L' || :l::text, 'available', 'allocated', 1, null, 'order', ('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, :principal::uuid, 'web', 'bench-' || lpad(:id::text, 17, '0'));
insert into fulfillment (id, order_id, number, kind, location, state) values (uuidv7(), ('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, 1, 'pickup', 'L' || :l::text, 'allocated');
insert into tender (order_id, number, type, amount_minor, reference) values (('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, 1, 'card', 2000, 'bench');
insert into event (id, recorded_at, occurred_at, document_type, document_id, sequence, type, actor_id, channel, data) values (uuidv7(), now(), now(), 'order', ('01900000-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid, 1, 'placed', :principal, 'web', :event);
commit;
