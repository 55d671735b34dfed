-- The database of one retailer, as the migrations make it. Written by `make schema`; do not edit.
--
-- Left out: the partitions of stock_movement and event (one per month, made ahead of time, and a
-- default for months that nobody made), and the migrations' own table.

CREATE TABLE api_key (
    id uuid NOT NULL,
    prefix text NOT NULL,
    secret_hash bytea NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    channel text,
    locations text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_key_kind_known CHECK ((kind = ANY (ARRAY['terminal'::text, 'channel'::text, 'staff'::text, 'integration'::text]))),
    CONSTRAINT api_key_terminal_bound CHECK (((kind <> 'terminal'::text) OR ((channel IS NOT NULL) AND (cardinality(locations) = 1))))
);

ALTER TABLE ONLY api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY api_key
    ADD CONSTRAINT api_key_prefix_key UNIQUE (prefix);

ALTER TABLE ONLY api_key
    ADD CONSTRAINT api_key_channel_fkey FOREIGN KEY (channel) REFERENCES channel(code);

CREATE TABLE channel (
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT channel_kind_known CHECK ((kind = ANY (ARRAY['pos'::text, 'web'::text, 'mobile'::text, 'marketplace'::text])))
);

ALTER TABLE ONLY channel
    ADD CONSTRAINT channel_pkey PRIMARY KEY (code);

CREATE TABLE event (
    id uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    document_type text NOT NULL,
    document_id uuid NOT NULL,
    sequence integer NOT NULL,
    type text NOT NULL,
    actor_id uuid NOT NULL,
    channel text,
    data jsonb NOT NULL
)
PARTITION BY RANGE (recorded_at);

ALTER TABLE ONLY event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id, recorded_at);

CREATE INDEX event_document_idx ON ONLY event USING btree (document_id, sequence);

CREATE TABLE fulfillment (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    location text NOT NULL,
    state text NOT NULL,
    CONSTRAINT fulfillment_kind_known CHECK ((kind = ANY (ARRAY['carry_out'::text, 'pickup'::text, 'ship'::text]))),
    CONSTRAINT fulfillment_state_known CHECK ((state = ANY (ARRAY['allocated'::text, 'shipped'::text, 'handed_over'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY fulfillment
    ADD CONSTRAINT fulfillment_pkey PRIMARY KEY (id);

CREATE INDEX fulfillment_location_idx ON fulfillment USING btree (location, state, id);

CREATE INDEX fulfillment_order_idx ON fulfillment USING btree (order_id);

CREATE TABLE idempotency_key (
    principal_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer text NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY idempotency_key
    ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (principal_id, key);

CREATE INDEX idempotency_key_recorded_at_idx ON idempotency_key USING btree (recorded_at);

CREATE TABLE location (
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    time_zone text NOT NULL,
    latitude double precision,
    longitude double precision,
    capabilities text[] NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT location_capabilities_known CHECK ((capabilities <@ ARRAY['carry_out'::text, 'pickup'::text, 'ship'::text])),
    CONSTRAINT location_kind_known CHECK ((kind = ANY (ARRAY['store'::text, 'warehouse'::text]))),
    CONSTRAINT location_placed CHECK (((latitude IS NULL) = (longitude IS NULL))),
    CONSTRAINT location_status_known CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text])))
);

ALTER TABLE ONLY location
    ADD CONSTRAINT location_pkey PRIMARY KEY (code);

CREATE TABLE order_line (
    order_id uuid NOT NULL,
    line_number integer NOT NULL,
    fulfillment_number integer NOT NULL,
    sku text NOT NULL,
    quantity integer NOT NULL,
    fulfilled_quantity integer NOT NULL,
    cancelled_quantity integer NOT NULL,
    list_price_minor bigint,
    unit_price_minor bigint NOT NULL,
    price_reason text,
    total_minor bigint NOT NULL,
    CONSTRAINT order_line_progress_within_quantity CHECK (((fulfilled_quantity >= 0) AND (cancelled_quantity >= 0) AND ((fulfilled_quantity + cancelled_quantity) <= quantity))),
    CONSTRAINT order_line_quantity_positive CHECK ((quantity > 0))
)
WITH (fillfactor='80');

ALTER TABLE ONLY order_line
    ADD CONSTRAINT order_line_pkey PRIMARY KEY (order_id, line_number);

CREATE TABLE price (
    price_list text NOT NULL,
    sku text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    amount_minor bigint,
    book_version bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT price_amount_not_negative CHECK ((amount_minor >= 0))
);

ALTER TABLE ONLY price
    ADD CONSTRAINT price_pkey PRIMARY KEY (price_list, sku, valid_from);

CREATE INDEX price_book_version_idx ON price USING btree (book_version);

ALTER TABLE ONLY price
    ADD CONSTRAINT price_price_list_fkey FOREIGN KEY (price_list) REFERENCES price_list(code);

ALTER TABLE ONLY price
    ADD CONSTRAINT price_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE price_book (
    only_row boolean NOT NULL,
    version bigint CONSTRAINT price_book_version_not_null1 NOT NULL,
    CONSTRAINT price_book_only_row CHECK (only_row)
);

ALTER TABLE ONLY price_book
    ADD CONSTRAINT price_book_pkey PRIMARY KEY (only_row);

CREATE TABLE price_list (
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY price_list
    ADD CONSTRAINT price_list_currency_key UNIQUE (currency);

ALTER TABLE ONLY price_list
    ADD CONSTRAINT price_list_pkey PRIMARY KEY (code);

CREATE TABLE refund (
    order_id uuid NOT NULL,
    tender_number integer NOT NULL,
    event_sequence integer NOT NULL,
    amount_minor bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT refund_amount_positive CHECK ((amount_minor > 0))
);

ALTER TABLE ONLY refund
    ADD CONSTRAINT refund_pkey PRIMARY KEY (order_id, tender_number, event_sequence);

CREATE TABLE sales_order (
    id uuid NOT NULL,
    number text NOT NULL,
    channel text NOT NULL,
    location text,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    book_version bigint NOT NULL,
    placed_by uuid NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    idempotency_key text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT sales_order_total_not_negative CHECK ((total_minor >= 0))
);

ALTER TABLE ONLY sales_order
    ADD CONSTRAINT sales_order_number_key UNIQUE (number);

ALTER TABLE ONLY sales_order
    ADD CONSTRAINT sales_order_pkey PRIMARY KEY (id);

CREATE INDEX sales_order_channel_idx ON sales_order USING btree (channel, id);

CREATE TABLE sku (
    code text NOT NULL,
    name text NOT NULL,
    tax_class text NOT NULL,
    status text NOT NULL,
    search_text text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT sku_status_known CHECK ((status = ANY (ARRAY['active'::text, 'blocked'::text])))
);

ALTER TABLE ONLY sku
    ADD CONSTRAINT sku_pkey PRIMARY KEY (code);

CREATE TABLE sku_barcode (
    normalized text NOT NULL,
    sku text NOT NULL,
    kind text NOT NULL,
    printed text NOT NULL,
    CONSTRAINT sku_barcode_kind_known CHECK ((kind = ANY (ARRAY['gtin'::text, 'internal'::text])))
);

ALTER TABLE ONLY sku_barcode
    ADD CONSTRAINT sku_barcode_pkey PRIMARY KEY (normalized);

CREATE INDEX sku_barcode_sku_idx ON sku_barcode USING btree (sku);

ALTER TABLE ONLY sku_barcode
    ADD CONSTRAINT sku_barcode_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE stock_level (
    sku text NOT NULL,
    location text NOT NULL,
    on_hand integer NOT NULL,
    allocated integer NOT NULL,
    CONSTRAINT stock_level_allocated_not_negative CHECK ((allocated >= 0)),
    CONSTRAINT stock_level_on_hand_not_negative CHECK ((on_hand >= 0))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY stock_level
    ADD CONSTRAINT stock_level_pkey PRIMARY KEY (sku, location);

ALTER TABLE ONLY stock_level
    ADD CONSTRAINT stock_level_location_fkey FOREIGN KEY (location) REFERENCES location(code);

ALTER TABLE ONLY stock_level
    ADD CONSTRAINT stock_level_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE stock_movement (
    id uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    type text NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    quantity integer NOT NULL,
    reason text,
    document_type text NOT NULL,
    document_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    channel text,
    idempotency_key text NOT NULL,
    CONSTRAINT stock_movement_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT stock_movement_states_known CHECK (((((((((from_state = 'supplier'::text) AND (to_state = 'available'::text)) OR ((from_state = 'available'::text) AND (to_state = 'customer'::text))) OR ((from_state = 'shrinkage'::text) AND (to_state = 'available'::text))) OR ((from_state = 'available'::text) AND (to_state = 'shrinkage'::text))) OR ((from_state = 'available'::text) AND (to_state = 'allocated'::text))) OR ((from_state = 'allocated'::text) AND (to_state = 'available'::text))) OR ((from_state = 'allocated'::text) AND (to_state = 'customer'::text))))
)
PARTITION BY RANGE (recorded_at);

ALTER TABLE ONLY stock_movement
    ADD CONSTRAINT stock_movement_pkey PRIMARY KEY (id, recorded_at);

CREATE INDEX stock_movement_document_idx ON ONLY stock_movement USING btree (document_id);

CREATE INDEX stock_movement_sku_idx ON ONLY stock_movement USING btree (sku, id);

CREATE TABLE tender (
    order_id uuid NOT NULL,
    number integer NOT NULL,
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    reference text,
    CONSTRAINT tender_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT tender_type_known CHECK ((type = ANY (ARRAY['cash'::text, 'card'::text])))
);

ALTER TABLE ONLY tender
    ADD CONSTRAINT tender_pkey PRIMARY KEY (order_id, number);
