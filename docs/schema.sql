-- The database of one retailer, as the migrations make it. Written by `make schema`; do not edit.
--
-- Left out: the partitions of stock_movement and event (one per month, made ahead of time, and a
-- default for months that nobody made), and the migrations' own table.

CREATE TABLE account_entry (
    account_id uuid NOT NULL,
    sequence integer NOT NULL,
    type text NOT NULL,
    balance_change_minor bigint NOT NULL,
    held_change_minor bigint NOT NULL,
    order_id uuid,
    tender_number integer,
    reason text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    idempotency_key text,
    return_id uuid,
    claim_id uuid,
    CONSTRAINT account_entry_changes_of_type CHECK (
CASE type
    WHEN 'issued'::text THEN ((balance_change_minor >= 0) AND (held_change_minor = 0))
    WHEN 'held'::text THEN ((balance_change_minor = 0) AND (held_change_minor > 0))
    WHEN 'committed'::text THEN ((balance_change_minor < 0) AND (held_change_minor = balance_change_minor))
    WHEN 'voided'::text THEN ((balance_change_minor = 0) AND (held_change_minor < 0))
    WHEN 'refunded'::text THEN ((balance_change_minor > 0) AND (held_change_minor = 0))
    WHEN 'adjusted'::text THEN ((balance_change_minor <> 0) AND (held_change_minor = 0))
    WHEN 'blocked'::text THEN ((balance_change_minor = 0) AND (held_change_minor = 0))
    WHEN 'unblocked'::text THEN ((balance_change_minor = 0) AND (held_change_minor = 0))
    ELSE false
END),
    CONSTRAINT account_entry_explained CHECK (((reason IS NOT NULL) OR (type <> ALL (ARRAY['adjusted'::text, 'blocked'::text, 'unblocked'::text])))),
    CONSTRAINT account_entry_names_claim CHECK (((claim_id IS NULL) OR ((order_id IS NULL) AND (return_id IS NULL) AND (type = ANY (ARRAY['issued'::text, 'refunded'::text]))))),
    CONSTRAINT account_entry_names_return CHECK (((return_id IS NULL) OR ((order_id IS NULL) AND (type = ANY (ARRAY['issued'::text, 'refunded'::text]))))),
    CONSTRAINT account_entry_names_tender CHECK ((((order_id IS NULL) = (tender_number IS NULL)) AND ((order_id IS NOT NULL) OR (type <> ALL (ARRAY['held'::text, 'committed'::text, 'voided'::text]))) AND ((COALESCE(order_id, return_id, claim_id) IS NOT NULL) OR (type <> 'refunded'::text))))
);

ALTER TABLE ONLY account_entry
    ADD CONSTRAINT account_entry_pkey PRIMARY KEY (account_id, sequence);

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

CREATE TABLE book_change (
    kind text NOT NULL,
    code text NOT NULL,
    book_version bigint NOT NULL,
    document jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT book_change_kind_known CHECK ((kind = ANY (ARRAY['price_list'::text, 'promotion'::text])))
);

ALTER TABLE ONLY book_change
    ADD CONSTRAINT book_change_pkey PRIMARY KEY (kind, code, book_version);

CREATE TABLE capture (
    order_id uuid NOT NULL,
    tender_number integer NOT NULL,
    event_sequence integer NOT NULL,
    captured_minor bigint NOT NULL,
    voided_minor bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT capture_says_something CHECK (((captured_minor <> 0) OR (voided_minor <> 0)))
);

ALTER TABLE ONLY capture
    ADD CONSTRAINT capture_pkey PRIMARY KEY (order_id, tender_number, event_sequence);

CREATE TABLE cart (
    id uuid NOT NULL,
    code text NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL,
    customer text,
    customer_groups text[] NOT NULL,
    region text,
    state text NOT NULL,
    order_id uuid,
    merged_into uuid,
    hold_ids uuid[] NOT NULL,
    hold_seconds integer,
    lines jsonb NOT NULL,
    coupons text[] NOT NULL,
    shipping jsonb,
    note text,
    version integer NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ship_to jsonb,
    email text,
    CONSTRAINT cart_email_not_empty CHECK ((email <> ''::text)),
    CONSTRAINT cart_hold_seconds_positive CHECK ((hold_seconds > 0)),
    CONSTRAINT cart_merged_into_another CHECK ((merged_into <> id)),
    CONSTRAINT cart_order_of_converted CHECK (((state = 'converted'::text) = (order_id IS NOT NULL))),
    CONSTRAINT cart_state_known CHECK ((state = ANY (ARRAY['open'::text, 'converted'::text, 'merged'::text, 'abandoned'::text]))),
    CONSTRAINT cart_target_of_merged CHECK (((state = 'merged'::text) = (merged_into IS NOT NULL)))
);

ALTER TABLE ONLY cart
    ADD CONSTRAINT cart_code_key UNIQUE (code);

ALTER TABLE ONLY cart
    ADD CONSTRAINT cart_pkey PRIMARY KEY (id);

CREATE INDEX cart_customer_idx ON cart USING btree (customer, id) WHERE (state = 'open'::text);

CREATE INDEX cart_expires_at_idx ON cart USING btree (expires_at) WHERE (state = 'open'::text);

CREATE INDEX cart_person_idx ON cart USING btree (customer, created_at, id) WHERE (customer IS NOT NULL);

ALTER TABLE ONLY cart
    ADD CONSTRAINT cart_channel_fkey FOREIGN KEY (channel) REFERENCES channel(code);

CREATE TABLE channel (
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    region text,
    CONSTRAINT channel_kind_known CHECK ((kind = ANY (ARRAY['pos'::text, 'web'::text, 'mobile'::text, 'marketplace'::text])))
);

ALTER TABLE ONLY channel
    ADD CONSTRAINT channel_pkey PRIMARY KEY (code);

CREATE TABLE channel_sku_threshold (
    channel text NOT NULL,
    sku text NOT NULL,
    threshold integer NOT NULL,
    CONSTRAINT channel_sku_threshold_not_negative CHECK ((threshold >= 0))
);

ALTER TABLE ONLY channel_sku_threshold
    ADD CONSTRAINT channel_sku_threshold_pkey PRIMARY KEY (channel, sku);

ALTER TABLE ONLY channel_sku_threshold
    ADD CONSTRAINT channel_sku_threshold_channel_fkey FOREIGN KEY (channel) REFERENCES channel_stock_policy(channel);

ALTER TABLE ONLY channel_sku_threshold
    ADD CONSTRAINT channel_sku_threshold_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE channel_stock_policy (
    channel text NOT NULL,
    pool text,
    threshold integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT channel_stock_policy_threshold_not_negative CHECK ((threshold >= 0))
);

ALTER TABLE ONLY channel_stock_policy
    ADD CONSTRAINT channel_stock_policy_pkey PRIMARY KEY (channel);

ALTER TABLE ONLY channel_stock_policy
    ADD CONSTRAINT channel_stock_policy_channel_fkey FOREIGN KEY (channel) REFERENCES channel(code);

ALTER TABLE ONLY channel_stock_policy
    ADD CONSTRAINT channel_stock_policy_pool_fkey FOREIGN KEY (pool) REFERENCES location_group(code);

CREATE TABLE claim (
    id uuid NOT NULL,
    number text NOT NULL,
    order_id uuid NOT NULL,
    channel text,
    customer text,
    currency text NOT NULL,
    wish text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by uuid NOT NULL,
    approved_at timestamp with time zone,
    approved_by uuid,
    goods_back boolean,
    denied_at timestamp with time zone,
    denied_by uuid,
    denial_reason text,
    resolved_at timestamp with time zone,
    resolved_by uuid,
    resolution text,
    refund jsonb,
    fulfillment_id uuid,
    return_id uuid,
    override jsonb,
    note text,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    idempotency_key text NOT NULL,
    CONSTRAINT claim_approved_by_somebody CHECK ((((approved_at IS NULL) = (approved_by IS NULL)) AND ((approved_at IS NULL) = (goods_back IS NULL)))),
    CONSTRAINT claim_denied_by_somebody CHECK ((((denied_at IS NULL) = (denied_by IS NULL)) AND ((denied_at IS NULL) = (denial_reason IS NULL)))),
    CONSTRAINT claim_resolution_known CHECK ((resolution = ANY (ARRAY['refund'::text, 'replacement'::text]))),
    CONSTRAINT claim_resolved_by_somebody CHECK ((((resolved_at IS NULL) = (resolved_by IS NULL)) AND ((resolved_at IS NULL) = (resolution IS NULL)) AND ((resolved_at IS NULL) OR ((approved_at IS NOT NULL) AND (denied_at IS NULL))))),
    CONSTRAINT claim_resolved_one_way CHECK ((((refund IS NOT NULL) = COALESCE((resolution = 'refund'::text), false)) AND ((fulfillment_id IS NOT NULL) = COALESCE((resolution = 'replacement'::text), false)) AND ((return_id IS NOT NULL) = ((resolution IS NOT NULL) AND COALESCE(goods_back, false))))),
    CONSTRAINT claim_wish_known CHECK ((wish = ANY (ARRAY['refund'::text, 'replacement'::text])))
);

ALTER TABLE ONLY claim
    ADD CONSTRAINT claim_number_key UNIQUE (number);

ALTER TABLE ONLY claim
    ADD CONSTRAINT claim_pkey PRIMARY KEY (id);

CREATE INDEX claim_order_idx ON claim USING btree (order_id, id);

CREATE INDEX claim_person_idx ON claim USING btree (customer, opened_at, id) WHERE (customer IS NOT NULL);

CREATE INDEX claim_standing_idx ON claim USING btree (id) WHERE ((resolved_at IS NULL) AND (denied_at IS NULL));

CREATE TABLE claim_line (
    claim_id uuid NOT NULL,
    number integer NOT NULL,
    order_line integer NOT NULL,
    sku text NOT NULL,
    components jsonb,
    quantity integer NOT NULL,
    kind text NOT NULL,
    note text,
    worth_minor bigint NOT NULL,
    worth_tax_minor bigint NOT NULL,
    replaced_by integer,
    CONSTRAINT claim_line_kind_known CHECK ((kind = ANY (ARRAY['damaged'::text, 'missing'::text, 'wrong'::text]))),
    CONSTRAINT claim_line_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT claim_line_worth_not_negative CHECK (((worth_minor >= 0) AND (worth_tax_minor >= 0)))
);

ALTER TABLE ONLY claim_line
    ADD CONSTRAINT claim_line_pkey PRIMARY KEY (claim_id, number);

CREATE TABLE count_task (
    id uuid NOT NULL,
    location text NOT NULL,
    assigned_to text,
    review_threshold integer,
    note text,
    due_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    closed_at timestamp with time zone,
    closed_by uuid,
    version integer NOT NULL,
    document_type text,
    document_id uuid,
    CONSTRAINT count_task_document_whole CHECK (((document_type IS NULL) = (document_id IS NULL))),
    CONSTRAINT count_task_review_threshold_not_negative CHECK ((review_threshold >= 0))
);

ALTER TABLE ONLY count_task
    ADD CONSTRAINT count_task_pkey PRIMARY KEY (id);

CREATE INDEX count_task_location_idx ON count_task USING btree (location, id);

ALTER TABLE ONLY count_task
    ADD CONSTRAINT count_task_location_fkey FOREIGN KEY (location) REFERENCES location(code);

CREATE TABLE count_task_line (
    task_id uuid NOT NULL,
    number integer NOT NULL,
    sku text NOT NULL,
    lot text,
    state text NOT NULL,
    quantity integer,
    variance integer,
    occurred_at timestamp with time zone,
    counted_by uuid,
    reviewed_by uuid,
    count_id uuid,
    CONSTRAINT count_task_line_counted_whole CHECK ((((state = 'assigned'::text) = (quantity IS NULL)) AND ((quantity IS NULL) = (occurred_at IS NULL)))),
    CONSTRAINT count_task_line_state_known CHECK ((state = ANY (ARRAY['assigned'::text, 'pending_review'::text, 'counted'::text])))
);

ALTER TABLE ONLY count_task_line
    ADD CONSTRAINT count_task_line_pkey PRIMARY KEY (task_id, number);

CREATE INDEX count_task_line_open_idx ON count_task_line USING btree (sku) WHERE (state <> 'counted'::text);

ALTER TABLE ONLY count_task_line
    ADD CONSTRAINT count_task_line_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE coupon (
    code text NOT NULL,
    promotion text NOT NULL,
    document jsonb NOT NULL,
    book_version bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY coupon
    ADD CONSTRAINT coupon_pkey PRIMARY KEY (code);

CREATE INDEX coupon_book_version_idx ON coupon USING btree (book_version);

ALTER TABLE ONLY coupon
    ADD CONSTRAINT coupon_promotion_fkey FOREIGN KEY (promotion) REFERENCES promotion(code);

CREATE TABLE currency (
    code text NOT NULL,
    exponent integer NOT NULL,
    cash_step_minor bigint NOT NULL,
    rounding text NOT NULL,
    tax_per text NOT NULL,
    book_version bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT currency_cash_step_positive CHECK ((cash_step_minor > 0)),
    CONSTRAINT currency_exponent_within_bounds CHECK (((exponent >= 0) AND (exponent <= 6))),
    CONSTRAINT currency_rounding_known CHECK ((rounding = ANY (ARRAY['half_up'::text, 'half_down'::text, 'half_even'::text]))),
    CONSTRAINT currency_tax_per_known CHECK ((tax_per = ANY (ARRAY['line'::text, 'unit'::text])))
);

ALTER TABLE ONLY currency
    ADD CONSTRAINT currency_pkey PRIMARY KEY (code);

CREATE TABLE customer (
    id uuid NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    merged_into uuid,
    given_name text,
    family_name text,
    family_name_key text COLLATE pg_catalog."C",
    birth_date date,
    locale text,
    customer_groups text[] NOT NULL,
    addresses jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    channel text,
    CONSTRAINT customer_erased_is_empty CHECK (((status <> 'erased'::text) OR ((given_name IS NULL) AND (family_name IS NULL) AND (family_name_key IS NULL) AND (birth_date IS NULL) AND (locale IS NULL) AND (addresses = '[]'::jsonb)))),
    CONSTRAINT customer_merged_into_another CHECK ((merged_into <> id)),
    CONSTRAINT customer_status_known CHECK ((status = ANY (ARRAY['active'::text, 'merged'::text, 'erased'::text]))),
    CONSTRAINT customer_target_of_merged CHECK (((status = 'merged'::text) = (merged_into IS NOT NULL)))
);

ALTER TABLE ONLY customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);

CREATE INDEX customer_family_name_idx ON customer USING btree (family_name_key, id) WHERE (status = 'active'::text);

CREATE INDEX customer_merged_into_idx ON customer USING btree (merged_into) WHERE (merged_into IS NOT NULL);

CREATE TABLE customer_consent (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    purpose text NOT NULL,
    granted boolean NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    channel text,
    actor_id uuid NOT NULL,
    source text,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY customer_consent
    ADD CONSTRAINT customer_consent_pkey PRIMARY KEY (id);

CREATE INDEX customer_consent_current_idx ON customer_consent USING btree (customer_id, purpose, decided_at DESC, id DESC);

CREATE INDEX customer_consent_customer_idx ON customer_consent USING btree (customer_id, id);

CREATE TABLE customer_identity (
    kind text NOT NULL,
    issuer text NOT NULL,
    value text NOT NULL,
    customer_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by uuid NOT NULL,
    CONSTRAINT customer_identity_issuer_of_app CHECK (((kind = 'app'::text) = (issuer <> ''::text))),
    CONSTRAINT customer_identity_kind_known CHECK ((kind = ANY (ARRAY['email'::text, 'phone'::text, 'loyalty_card'::text, 'app'::text, 'external_id'::text]))),
    CONSTRAINT customer_identity_value_not_empty CHECK ((value <> ''::text))
);

ALTER TABLE ONLY customer_identity
    ADD CONSTRAINT customer_identity_pkey PRIMARY KEY (kind, issuer, value);

CREATE INDEX customer_identity_customer_idx ON customer_identity USING btree (customer_id, kind, issuer, value);

CREATE UNIQUE INDEX customer_identity_reference_key ON customer_identity USING btree (value) WHERE (kind = ANY (ARRAY['external_id'::text, 'loyalty_card'::text]));

CREATE TABLE customer_merge (
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    target_id uuid NOT NULL,
    reason text,
    merged_at timestamp with time zone NOT NULL,
    merged_by uuid NOT NULL,
    undone_at timestamp with time zone,
    undone_by uuid,
    CONSTRAINT customer_merge_of_two CHECK ((source_id <> target_id)),
    CONSTRAINT customer_merge_undone_by_somebody CHECK (((undone_at IS NULL) = (undone_by IS NULL)))
);

ALTER TABLE ONLY customer_merge
    ADD CONSTRAINT customer_merge_pkey PRIMARY KEY (id);

CREATE INDEX customer_merge_source_idx ON customer_merge USING btree (source_id, id);

CREATE INDEX customer_merge_target_idx ON customer_merge USING btree (target_id, id);

CREATE TABLE customer_merge_item (
    merge_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    was text,
    CONSTRAINT customer_merge_item_kind_known CHECK ((kind = ANY (ARRAY['identity'::text, 'consent'::text, 'note'::text, 'customer'::text, 'cart'::text, 'order'::text, 'return'::text, 'claim'::text, 'usage'::text, 'credit'::text, 'membership'::text, 'points'::text])))
);

ALTER TABLE ONLY customer_merge_item
    ADD CONSTRAINT customer_merge_item_pkey PRIMARY KEY (merge_id, kind, key);

CREATE TABLE customer_note (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    text text NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    channel text,
    CONSTRAINT customer_note_text_not_empty CHECK ((text <> ''::text))
);

ALTER TABLE ONLY customer_note
    ADD CONSTRAINT customer_note_pkey PRIMARY KEY (id);

CREATE INDEX customer_note_customer_idx ON customer_note USING btree (customer_id, id);

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

CREATE TABLE expected_receipt (
    id uuid NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    quantity integer NOT NULL,
    received integer NOT NULL,
    expected_at timestamp with time zone NOT NULL,
    reference text,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    cancelled_at timestamp with time zone,
    CONSTRAINT expected_receipt_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT expected_receipt_received_not_negative CHECK ((received >= 0))
);

ALTER TABLE ONLY expected_receipt
    ADD CONSTRAINT expected_receipt_pkey PRIMARY KEY (id);

CREATE INDEX expected_receipt_open_idx ON expected_receipt USING btree (sku, location) WHERE ((cancelled_at IS NULL) AND (received < quantity));

ALTER TABLE ONLY expected_receipt
    ADD CONSTRAINT expected_receipt_location_fkey FOREIGN KEY (location) REFERENCES location(code);

ALTER TABLE ONLY expected_receipt
    ADD CONSTRAINT expected_receipt_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE fulfillment (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    location text NOT NULL,
    state text NOT NULL,
    source text,
    destination text,
    attempt integer DEFAULT 1 NOT NULL,
    holds jsonb,
    pickup jsonb,
    collect_by timestamp with time zone,
    remind_at timestamp with time zone,
    CONSTRAINT fulfillment_kind_known CHECK ((kind = ANY (ARRAY['carry_out'::text, 'pickup'::text, 'ship'::text, 'ship_to_store'::text]))),
    CONSTRAINT fulfillment_state_known CHECK ((state = ANY (ARRAY['allocated'::text, 'picking'::text, 'packed'::text, 'shipped'::text, 'delivered'::text, 'in_transit'::text, 'arrived'::text, 'ready'::text, 'handed_over'::text, 'no_show'::text, 'rejected'::text, 'cancelled'::text]))),
    CONSTRAINT fulfillment_store_named CHECK ((((kind = 'ship_to_store'::text) = (destination IS NOT NULL)) AND ((kind = 'ship_to_store'::text) = (source IS NOT NULL))))
);

ALTER TABLE ONLY fulfillment
    ADD CONSTRAINT fulfillment_pkey PRIMARY KEY (id);

CREATE INDEX fulfillment_collect_by_idx ON fulfillment USING btree (collect_by) WHERE (state = 'ready'::text);

CREATE INDEX fulfillment_destination_idx ON fulfillment USING btree (destination, state, id) WHERE (destination IS NOT NULL);

CREATE INDEX fulfillment_given_idx ON fulfillment USING btree (location, id) WHERE (kind = ANY (ARRAY['ship'::text, 'ship_to_store'::text]));

CREATE INDEX fulfillment_held_up_idx ON fulfillment USING btree (location, id) WHERE (holds IS NOT NULL);

CREATE INDEX fulfillment_location_idx ON fulfillment USING btree (location, state, id);

CREATE INDEX fulfillment_order_idx ON fulfillment USING btree (order_id);

CREATE INDEX fulfillment_remind_at_idx ON fulfillment USING btree (remind_at) WHERE (remind_at IS NOT NULL);

CREATE TABLE fulfillment_policy (
    location text NOT NULL,
    pickup_hours integer NOT NULL,
    reminder_hours integer NOT NULL,
    daily_capacity integer,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT fulfillment_policy_capacity_not_negative CHECK ((daily_capacity >= 0)),
    CONSTRAINT fulfillment_policy_pickup_positive CHECK ((pickup_hours > 0)),
    CONSTRAINT fulfillment_policy_reminder_within_pickup CHECK (((reminder_hours >= 0) AND (reminder_hours <= pickup_hours)))
);

ALTER TABLE ONLY fulfillment_policy
    ADD CONSTRAINT fulfillment_policy_pkey PRIMARY KEY (location);

ALTER TABLE ONLY fulfillment_policy
    ADD CONSTRAINT fulfillment_policy_location_fkey FOREIGN KEY (location) REFERENCES location(code);

CREATE TABLE hold (
    id uuid NOT NULL,
    principal_id uuid NOT NULL,
    channel text,
    reference text,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    order_id uuid,
    CONSTRAINT hold_resolved_once CHECK (((released_at IS NULL) OR (order_id IS NULL)))
);

ALTER TABLE ONLY hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (id);

CREATE TABLE hold_line (
    hold_id uuid NOT NULL,
    number integer NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    kit text,
    per_unit integer NOT NULL,
    requested integer NOT NULL,
    quantity integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT hold_line_per_unit_positive CHECK ((per_unit > 0)),
    CONSTRAINT hold_line_within_requested CHECK (((requested > 0) AND (quantity >= 0) AND (quantity <= ((requested)::bigint * per_unit))))
);

ALTER TABLE ONLY hold_line
    ADD CONSTRAINT hold_line_pkey PRIMARY KEY (hold_id, number, sku);

CREATE INDEX hold_line_open_idx ON hold_line USING btree (sku, location, expires_at) WHERE ((closed_at IS NULL) AND (quantity > 0));

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
    safety_stock integer DEFAULT 0 NOT NULL,
    region text,
    CONSTRAINT location_capabilities_known CHECK ((capabilities <@ ARRAY['carry_out'::text, 'pickup'::text, 'ship'::text])),
    CONSTRAINT location_kind_known CHECK ((kind = ANY (ARRAY['store'::text, 'warehouse'::text]))),
    CONSTRAINT location_placed CHECK (((latitude IS NULL) = (longitude IS NULL))),
    CONSTRAINT location_safety_stock_not_negative CHECK ((safety_stock >= 0)),
    CONSTRAINT location_status_known CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text])))
);

ALTER TABLE ONLY location
    ADD CONSTRAINT location_pkey PRIMARY KEY (code);

CREATE TABLE location_group (
    code text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY location_group
    ADD CONSTRAINT location_group_pkey PRIMARY KEY (code);

CREATE TABLE location_group_member (
    location_group text NOT NULL,
    location text NOT NULL
);

ALTER TABLE ONLY location_group_member
    ADD CONSTRAINT location_group_member_pkey PRIMARY KEY (location_group, location);

ALTER TABLE ONLY location_group_member
    ADD CONSTRAINT location_group_member_group_fkey FOREIGN KEY (location_group) REFERENCES location_group(code);

ALTER TABLE ONLY location_group_member
    ADD CONSTRAINT location_group_member_location_fkey FOREIGN KEY (location) REFERENCES location(code);

CREATE TABLE loyalty_account (
    id uuid NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    merged_into uuid,
    lots_points bigint NOT NULL,
    debt_points bigint NOT NULL,
    active_points bigint NOT NULL,
    pending_points bigint NOT NULL,
    steady_until timestamp with time zone,
    tier text,
    tier_until timestamp with time zone,
    opened_at timestamp with time zone NOT NULL,
    opened_by uuid NOT NULL,
    CONSTRAINT loyalty_account_merged_names_target CHECK (((status = 'merged'::text) = (merged_into IS NOT NULL))),
    CONSTRAINT loyalty_account_points_not_negative CHECK (((lots_points >= 0) AND (debt_points >= 0) AND (active_points >= 0) AND (pending_points >= 0))),
    CONSTRAINT loyalty_account_states_within_lots CHECK (((active_points + pending_points) <= lots_points)),
    CONSTRAINT loyalty_account_status_known CHECK ((status = ANY (ARRAY['open'::text, 'merged'::text])))
)
WITH (fillfactor='50');

ALTER TABLE ONLY loyalty_account
    ADD CONSTRAINT loyalty_account_pkey PRIMARY KEY (id);

CREATE INDEX loyalty_account_merged_idx ON loyalty_account USING btree (merged_into) WHERE (merged_into IS NOT NULL);

CREATE INDEX loyalty_account_steady_idx ON loyalty_account USING btree (steady_until) WHERE (steady_until IS NOT NULL);

CREATE INDEX loyalty_account_tier_idx ON loyalty_account USING btree (tier_until) WHERE ((tier_until IS NOT NULL) AND (status = 'open'::text));

CREATE TABLE loyalty_day (
    account_id uuid NOT NULL,
    day date NOT NULL,
    qualifying bigint NOT NULL,
    earned bigint NOT NULL,
    redemptions integer NOT NULL
);

ALTER TABLE ONLY loyalty_day
    ADD CONSTRAINT loyalty_day_pkey PRIMARY KEY (account_id, day);

CREATE TABLE loyalty_entry (
    account_id uuid NOT NULL,
    sequence integer NOT NULL,
    type text NOT NULL,
    points bigint NOT NULL,
    lot_id uuid,
    lot_change bigint NOT NULL,
    debt_change bigint NOT NULL,
    order_id uuid,
    tender_number integer,
    other_account_id uuid,
    reason text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    idempotency_key text,
    CONSTRAINT loyalty_entry_changes_of_type CHECK (((points > 0) AND ((lot_id IS NOT NULL) OR (lot_change = 0)) AND
CASE type
    WHEN 'earned'::text THEN ((lot_change = points) AND (debt_change = 0))
    WHEN 'repaid'::text THEN ((lot_change = (- points)) AND (debt_change = (- points)))
    WHEN 'spent'::text THEN ((lot_change = (- points)) AND (debt_change = 0))
    WHEN 'restored'::text THEN ((lot_change = points) AND (debt_change = 0))
    WHEN 'reversed'::text THEN (((lot_change - debt_change) = (- points)) AND ((lot_change * debt_change) = 0))
    WHEN 'absorbed'::text THEN ((lot_change = 0) AND (debt_change = 0))
    WHEN 'expired'::text THEN ((lot_change = (- points)) AND (debt_change = 0))
    WHEN 'adjusted'::text THEN ((abs(lot_change) = points) AND (debt_change = 0))
    WHEN 'gifted'::text THEN ((abs(lot_change) = points) AND (debt_change = 0))
    WHEN 'moved'::text THEN ((abs(lot_change) + abs(debt_change)) = points)
    ELSE false
END)),
    CONSTRAINT loyalty_entry_explained CHECK (((reason IS NOT NULL) OR (type <> 'adjusted'::text))),
    CONSTRAINT loyalty_entry_names_other CHECK (((other_account_id IS NOT NULL) = (type = ANY (ARRAY['gifted'::text, 'moved'::text]))))
);

ALTER TABLE ONLY loyalty_entry
    ADD CONSTRAINT loyalty_entry_pkey PRIMARY KEY (account_id, sequence);

CREATE INDEX loyalty_entry_account_time_idx ON loyalty_entry USING btree (account_id, occurred_at);

CREATE INDEX loyalty_entry_order_idx ON loyalty_entry USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX loyalty_entry_time_idx ON loyalty_entry USING btree (occurred_at);

CREATE TABLE loyalty_gift (
    id uuid NOT NULL,
    from_account_id uuid NOT NULL,
    to_account_id uuid NOT NULL,
    points bigint NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    available_at timestamp with time zone NOT NULL,
    taken_back_at timestamp with time zone,
    actor_id uuid NOT NULL,
    CONSTRAINT loyalty_gift_between_two CHECK (((from_account_id <> to_account_id) AND (points > 0)))
);

ALTER TABLE ONLY loyalty_gift
    ADD CONSTRAINT loyalty_gift_pkey PRIMARY KEY (id);

CREATE INDEX loyalty_gift_from_idx ON loyalty_gift USING btree (from_account_id, id);

CREATE INDEX loyalty_gift_to_idx ON loyalty_gift USING btree (to_account_id, id);

CREATE TABLE loyalty_hold (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    points bigint NOT NULL,
    state text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    order_id uuid,
    channel text,
    location text,
    actor_id uuid NOT NULL,
    CONSTRAINT loyalty_hold_closed_once CHECK ((((state = 'held'::text) = (closed_at IS NULL)) AND ((state = 'committed'::text) = (order_id IS NOT NULL)))),
    CONSTRAINT loyalty_hold_state_known CHECK (((points > 0) AND (state = ANY (ARRAY['held'::text, 'committed'::text, 'voided'::text, 'lapsed'::text]))))
);

ALTER TABLE ONLY loyalty_hold
    ADD CONSTRAINT loyalty_hold_pkey PRIMARY KEY (id);

CREATE INDEX loyalty_hold_account_idx ON loyalty_hold USING btree (account_id, id);

CREATE INDEX loyalty_hold_open_idx ON loyalty_hold USING btree (account_id) WHERE (state = 'held'::text);

CREATE INDEX loyalty_hold_placed_idx ON loyalty_hold USING btree (account_id, placed_at, id);

CREATE TABLE loyalty_hold_lot (
    hold_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT loyalty_hold_lot_points_positive CHECK ((points > 0))
);

ALTER TABLE ONLY loyalty_hold_lot
    ADD CONSTRAINT loyalty_hold_lot_pkey PRIMARY KEY (hold_id, lot_id);

CREATE INDEX loyalty_hold_lot_lot_idx ON loyalty_hold_lot USING btree (lot_id);

CREATE TABLE loyalty_lot (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL,
    order_id uuid,
    origin_id uuid,
    gift_id uuid,
    quantity bigint NOT NULL,
    remaining bigint NOT NULL,
    held bigint NOT NULL,
    expired bigint NOT NULL,
    absorbed bigint NOT NULL,
    earned_at timestamp with time zone NOT NULL,
    available_at timestamp with time zone,
    expires_at timestamp with time zone,
    in_review boolean NOT NULL,
    CONSTRAINT loyalty_lot_absorbed_within_expired CHECK (((expired >= 0) AND ((absorbed >= 0) AND (absorbed <= expired)))),
    CONSTRAINT loyalty_lot_expires_after_available CHECK (((expires_at IS NULL) OR (available_at IS NOT NULL))),
    CONSTRAINT loyalty_lot_held_within_remaining CHECK (((held >= 0) AND (held <= remaining))),
    CONSTRAINT loyalty_lot_kind_known CHECK ((kind = ANY (ARRAY['earned'::text, 'restored'::text, 'adjusted'::text, 'gift'::text]))),
    CONSTRAINT loyalty_lot_remaining_within_quantity CHECK (((quantity > 0) AND ((remaining >= 0) AND (remaining <= quantity))))
)
WITH (fillfactor='70');

ALTER TABLE ONLY loyalty_lot
    ADD CONSTRAINT loyalty_lot_pkey PRIMARY KEY (id);

CREATE INDEX loyalty_lot_account_idx ON loyalty_lot USING btree (account_id, id);

CREATE INDEX loyalty_lot_expiry_idx ON loyalty_lot USING btree (expires_at) WHERE (remaining > 0);

CREATE INDEX loyalty_lot_gift_idx ON loyalty_lot USING btree (gift_id) WHERE (gift_id IS NOT NULL);

CREATE INDEX loyalty_lot_live_idx ON loyalty_lot USING btree (account_id, id) WHERE (remaining > 0);

CREATE INDEX loyalty_lot_order_idx ON loyalty_lot USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX loyalty_lot_spending_idx ON loyalty_lot USING btree (account_id, expires_at, earned_at, id) WHERE (remaining > 0);

CREATE TABLE loyalty_member (
    customer_id uuid NOT NULL,
    account_id uuid NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    joined_by uuid NOT NULL
);

ALTER TABLE ONLY loyalty_member
    ADD CONSTRAINT loyalty_member_pkey PRIMARY KEY (customer_id);

CREATE INDEX loyalty_member_account_idx ON loyalty_member USING btree (account_id);

CREATE TABLE loyalty_merge (
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    target_id uuid NOT NULL,
    lots uuid[] NOT NULL,
    members uuid[] NOT NULL,
    debt_points bigint NOT NULL,
    merged_at timestamp with time zone NOT NULL,
    merged_by uuid NOT NULL,
    reason text,
    undone_at timestamp with time zone,
    undone_by uuid,
    CONSTRAINT loyalty_merge_of_two CHECK (((source_id <> target_id) AND (debt_points >= 0))),
    CONSTRAINT loyalty_merge_undone_by_somebody CHECK (((undone_at IS NULL) = (undone_by IS NULL)))
);

ALTER TABLE ONLY loyalty_merge
    ADD CONSTRAINT loyalty_merge_pkey PRIMARY KEY (id);

CREATE INDEX loyalty_merge_source_idx ON loyalty_merge USING btree (source_id);

CREATE INDEX loyalty_merge_target_idx ON loyalty_merge USING btree (target_id);

CREATE TABLE loyalty_order (
    order_id uuid NOT NULL,
    account_id uuid NOT NULL,
    parts jsonb NOT NULL,
    earned_points bigint NOT NULL,
    reversed_points bigint NOT NULL,
    forgiven_points bigint NOT NULL,
    qualifying_points bigint NOT NULL,
    spent_points bigint NOT NULL,
    restored_points bigint NOT NULL,
    day date NOT NULL,
    CONSTRAINT loyalty_order_restored_within_spent CHECK (((restored_points >= 0) AND (restored_points <= spent_points))),
    CONSTRAINT loyalty_order_reversed_within_earned CHECK ((((reversed_points >= 0) AND (reversed_points <= earned_points)) AND ((forgiven_points >= 0) AND (forgiven_points <= reversed_points)) AND (qualifying_points >= 0)))
);

ALTER TABLE ONLY loyalty_order
    ADD CONSTRAINT loyalty_order_pkey PRIMARY KEY (order_id);

CREATE INDEX loyalty_order_account_idx ON loyalty_order USING btree (account_id);

CREATE TABLE loyalty_programme (
    id uuid NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    spec jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL
);

ALTER TABLE ONLY loyalty_programme
    ADD CONSTRAINT loyalty_programme_effective_from_key UNIQUE (effective_from);

ALTER TABLE ONLY loyalty_programme
    ADD CONSTRAINT loyalty_programme_pkey PRIMARY KEY (id);

CREATE TABLE loyalty_review (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    order_id uuid,
    why text NOT NULL,
    points bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    decision text,
    closed_at timestamp with time zone,
    closed_by uuid,
    note text,
    CONSTRAINT loyalty_review_decided CHECK ((((decision = ANY (ARRAY['approved'::text, 'denied'::text])) AND (closed_at IS NOT NULL) AND (closed_by IS NOT NULL)) OR ((decision IS NULL) AND (closed_at IS NULL) AND (closed_by IS NULL)))),
    CONSTRAINT loyalty_review_why_known CHECK (((points > 0) AND (why = ANY (ARRAY['earned_too_much'::text, 'claimed_late'::text]))))
);

ALTER TABLE ONLY loyalty_review
    ADD CONSTRAINT loyalty_review_pkey PRIMARY KEY (id);

CREATE INDEX loyalty_review_account_idx ON loyalty_review USING btree (account_id);

CREATE UNIQUE INDEX loyalty_review_lot_key ON loyalty_review USING btree (lot_id);

CREATE INDEX loyalty_review_open_idx ON loyalty_review USING btree (id) WHERE (decision IS NULL);

CREATE TABLE loyalty_spending (
    order_id uuid NOT NULL,
    tender_number integer NOT NULL,
    "position" integer NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL,
    restored bigint NOT NULL,
    CONSTRAINT loyalty_spending_restored_within_points CHECK (((points > 0) AND ((restored >= 0) AND (restored <= points))))
);

ALTER TABLE ONLY loyalty_spending
    ADD CONSTRAINT loyalty_spending_pkey PRIMARY KEY (order_id, tender_number, "position");

CREATE TABLE order_exception (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    fulfillment_id uuid,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by uuid,
    note text,
    CONSTRAINT order_exception_closed_by_somebody CHECK (((closed_at IS NULL) = (closed_by IS NULL))),
    CONSTRAINT order_exception_kind_known CHECK ((kind = ANY (ARRAY['not_sourced'::text, 'capture_failed'::text, 'refund_failed'::text, 'void_failed'::text])))
);

ALTER TABLE ONLY order_exception
    ADD CONSTRAINT order_exception_pkey PRIMARY KEY (id);

CREATE INDEX order_exception_open_idx ON order_exception USING btree (id) WHERE (closed_at IS NULL);

CREATE INDEX order_exception_order_idx ON order_exception USING btree (order_id);

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
    components jsonb,
    promised_at timestamp with time zone,
    price_list text,
    discounts jsonb,
    tax_class text DEFAULT 'standard'::text NOT NULL,
    tax_included boolean DEFAULT true NOT NULL,
    tax_rate_ppm integer,
    tax_minor bigint DEFAULT 0 NOT NULL,
    adjusted_total_minor bigint,
    adjusted_tax_minor bigint,
    part_of integer,
    returned_quantity integer DEFAULT 0 NOT NULL,
    received_quantity integer DEFAULT 0 NOT NULL,
    refunded_quantity integer DEFAULT 0 NOT NULL,
    CONSTRAINT order_line_adjusted_within_total CHECK ((((adjusted_total_minor >= 0) AND (adjusted_total_minor <= total_minor)) AND ((adjusted_tax_minor >= 0) AND (adjusted_tax_minor <= adjusted_total_minor)))),
    CONSTRAINT order_line_progress_within_quantity CHECK (((fulfilled_quantity >= 0) AND (cancelled_quantity >= 0) AND ((fulfilled_quantity + cancelled_quantity) <= quantity))),
    CONSTRAINT order_line_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT order_line_returns_within_fulfilled CHECK ((((returned_quantity >= 0) AND (returned_quantity <= fulfilled_quantity)) AND ((received_quantity >= 0) AND (received_quantity <= returned_quantity)) AND ((refunded_quantity >= 0) AND (refunded_quantity <= returned_quantity)))),
    CONSTRAINT order_line_tax_within_total CHECK (((tax_minor >= 0) AND (tax_minor <= total_minor)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY order_line
    ADD CONSTRAINT order_line_pkey PRIMARY KEY (order_id, line_number);

CREATE TABLE parcel (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    fulfillment_id uuid NOT NULL,
    number integer NOT NULL,
    carrier text,
    tracking_number text,
    tracking_url text,
    lines jsonb NOT NULL,
    shipped_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone
);

ALTER TABLE ONLY parcel
    ADD CONSTRAINT parcel_number_key UNIQUE (order_id, number);

ALTER TABLE ONLY parcel
    ADD CONSTRAINT parcel_pkey PRIMARY KEY (id);

CREATE INDEX parcel_tracking_idx ON parcel USING btree (tracking_number) WHERE (tracking_number IS NOT NULL);

CREATE TABLE payment (
    id uuid NOT NULL,
    channel text NOT NULL,
    principal_id uuid NOT NULL,
    cart_id uuid,
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    method text NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    provider_reference text,
    decline_code text,
    order_id uuid,
    tender_number integer,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    leased_until timestamp with time zone,
    attempts integer NOT NULL,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    card_token text,
    CONSTRAINT payment_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT payment_authorized_referenced CHECK (((state = ANY (ARRAY['pending'::text, 'declined'::text])) = (provider_reference IS NULL))),
    CONSTRAINT payment_declined_explained CHECK (((state <> 'declined'::text) OR (decline_code IS NOT NULL))),
    CONSTRAINT payment_pending_leased CHECK (((state = 'pending'::text) = (leased_until IS NOT NULL))),
    CONSTRAINT payment_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'authorized'::text, 'declined'::text, 'voided'::text, 'used'::text]))),
    CONSTRAINT payment_type_known CHECK ((type = ANY (ARRAY['card'::text, 'ewallet'::text]))),
    CONSTRAINT payment_used_by_tender CHECK ((((state = 'used'::text) = (order_id IS NOT NULL)) AND ((order_id IS NULL) = (tender_number IS NULL))))
);

ALTER TABLE ONLY payment
    ADD CONSTRAINT payment_idempotency_key_key UNIQUE (principal_id, idempotency_key);

ALTER TABLE ONLY payment
    ADD CONSTRAINT payment_pkey PRIMARY KEY (id);

CREATE INDEX payment_cart_idx ON payment USING btree (cart_id) WHERE (state = 'authorized'::text);

CREATE INDEX payment_order_idx ON payment USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX payment_pending_idx ON payment USING btree (leased_until) WHERE (state = 'pending'::text);

CREATE INDEX payment_unused_idx ON payment USING btree (expires_at) WHERE (state = 'authorized'::text);

CREATE TABLE payment_account (
    id uuid NOT NULL,
    kind text NOT NULL,
    code_hash bytea,
    last4 text,
    customer text,
    currency text NOT NULL,
    balance_minor bigint NOT NULL,
    held_minor bigint NOT NULL,
    status text NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    CONSTRAINT payment_account_balance_not_negative CHECK ((balance_minor >= 0)),
    CONSTRAINT payment_account_gift_card_has_code CHECK ((((kind = 'gift_card'::text) = (code_hash IS NOT NULL)) AND ((code_hash IS NULL) = (last4 IS NULL)))),
    CONSTRAINT payment_account_held_within_balance CHECK (((held_minor >= 0) AND (held_minor <= balance_minor))),
    CONSTRAINT payment_account_kind_known CHECK ((kind = ANY (ARRAY['gift_card'::text, 'store_credit'::text]))),
    CONSTRAINT payment_account_status_known CHECK ((status = ANY (ARRAY['active'::text, 'blocked'::text])))
)
WITH (fillfactor='50');

ALTER TABLE ONLY payment_account
    ADD CONSTRAINT payment_account_code_hash_key UNIQUE (code_hash);

ALTER TABLE ONLY payment_account
    ADD CONSTRAINT payment_account_pkey PRIMARY KEY (id);

CREATE INDEX payment_account_person_idx ON payment_account USING btree (customer) WHERE (customer IS NOT NULL);

CREATE TABLE payment_operation (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid,
    tender_number integer,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    due_at timestamp with time zone NOT NULL,
    leased_until timestamp with time zone,
    provider_reference text,
    failure text,
    created_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    told_at timestamp with time zone,
    CONSTRAINT payment_operation_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT payment_operation_ended CHECK ((((state = 'due'::text) = (done_at IS NULL)) AND ((state = 'failed'::text) = (failure IS NOT NULL)) AND ((state = 'done'::text) = (provider_reference IS NOT NULL)))),
    CONSTRAINT payment_operation_kind_known CHECK ((kind = ANY (ARRAY['capture'::text, 'void'::text, 'refund'::text]))),
    CONSTRAINT payment_operation_names_tender CHECK (((order_id IS NULL) = (tender_number IS NULL))),
    CONSTRAINT payment_operation_state_known CHECK ((state = ANY (ARRAY['due'::text, 'done'::text, 'failed'::text]))),
    CONSTRAINT payment_operation_told_of_failure CHECK (((told_at IS NULL) OR (state = 'failed'::text)))
);

ALTER TABLE ONLY payment_operation
    ADD CONSTRAINT payment_operation_pkey PRIMARY KEY (id);

CREATE INDEX payment_operation_due_idx ON payment_operation USING btree (due_at) WHERE (state = 'due'::text);

CREATE INDEX payment_operation_order_idx ON payment_operation USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX payment_operation_payment_idx ON payment_operation USING btree (payment_id, id);

CREATE INDEX payment_operation_untold_idx ON payment_operation USING btree (id) WHERE ((state = 'failed'::text) AND (told_at IS NULL) AND (order_id IS NOT NULL));

CREATE TABLE price (
    price_list text NOT NULL,
    sku text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    amount_minor bigint,
    book_version bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    tiers jsonb,
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

CREATE TABLE price_change (
    price_list text NOT NULL,
    sku text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    book_version bigint NOT NULL,
    amount_minor bigint,
    tiers jsonb,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY price_change
    ADD CONSTRAINT price_change_pkey PRIMARY KEY (price_list, sku, book_version, valid_from);

CREATE TABLE price_list (
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    tax_included boolean DEFAULT true NOT NULL,
    customer text,
    customer_group text,
    location text,
    region text,
    channel text,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    override_reason text,
    book_version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT price_list_override_explained CHECK ((((channel IS NULL) AND (location IS NULL)) OR ((override_reason IS NOT NULL) AND (valid_until IS NOT NULL)))),
    CONSTRAINT price_list_valid_from_before_until CHECK ((valid_from < valid_until))
);

ALTER TABLE ONLY price_list
    ADD CONSTRAINT price_list_pkey PRIMARY KEY (code);

ALTER TABLE ONLY price_list
    ADD CONSTRAINT price_list_channel_fkey FOREIGN KEY (channel) REFERENCES channel(code);

ALTER TABLE ONLY price_list
    ADD CONSTRAINT price_list_location_fkey FOREIGN KEY (location) REFERENCES location(code);

CREATE TABLE promotion (
    code text NOT NULL,
    document jsonb NOT NULL,
    book_version bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT promotion_override_explained CHECK (((NOT (jsonb_exists(document, 'channels'::text) OR jsonb_exists(document, 'locations'::text))) OR (jsonb_exists(document, 'override_reason'::text) AND jsonb_exists(document, 'valid_until'::text))))
);

ALTER TABLE ONLY promotion
    ADD CONSTRAINT promotion_pkey PRIMARY KEY (code);

CREATE TABLE refund (
    order_id uuid NOT NULL,
    tender_number integer NOT NULL,
    event_sequence integer NOT NULL,
    amount_minor bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    rounding_minor bigint DEFAULT 0 NOT NULL,
    method text,
    CONSTRAINT refund_method_known CHECK ((method = ANY (ARRAY['cash'::text, 'store_credit'::text, 'bank_transfer'::text]))),
    CONSTRAINT refund_taken_back_is_the_tenders_own CHECK (((amount_minor >= 0) OR (method IS NULL)))
);

ALTER TABLE ONLY refund
    ADD CONSTRAINT refund_pkey PRIMARY KEY (order_id, tender_number, event_sequence);

CREATE TABLE rejection (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    fulfillment_id uuid NOT NULL,
    line_number integer NOT NULL,
    sku text NOT NULL,
    components jsonb,
    location text NOT NULL,
    quantity integer NOT NULL,
    reason text NOT NULL,
    collateral boolean NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    barred_until timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    CONSTRAINT rejection_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT rejection_reason_known CHECK ((reason = ANY (ARRAY['not_in_stock'::text, 'damaged'::text, 'mismatch'::text, 'no_variance'::text])))
);

ALTER TABLE ONLY rejection
    ADD CONSTRAINT rejection_pkey PRIMARY KEY (id);

CREATE INDEX rejection_order_idx ON rejection USING btree (order_id);

CREATE TABLE return_grading (
    id uuid NOT NULL,
    return_id uuid NOT NULL,
    line_number integer NOT NULL,
    location text NOT NULL,
    from_disposition text,
    to_disposition text NOT NULL,
    quantity integer NOT NULL,
    reason text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    CONSTRAINT return_grading_disposition_known CHECK (((to_disposition = ANY (ARRAY['sellable'::text, 'damaged'::text, 'quality_control'::text, 'to_vendor'::text, 'destroyed'::text])) AND (from_disposition = ANY (ARRAY['sellable'::text, 'damaged'::text, 'quality_control'::text, 'to_vendor'::text, 'destroyed'::text])) AND (from_disposition <> to_disposition))),
    CONSTRAINT return_grading_quantity_positive CHECK ((quantity > 0))
);

ALTER TABLE ONLY return_grading
    ADD CONSTRAINT return_grading_pkey PRIMARY KEY (id);

CREATE INDEX return_grading_return_idx ON return_grading USING btree (return_id, line_number);

CREATE TABLE return_line (
    return_id uuid NOT NULL,
    number integer NOT NULL,
    order_line integer,
    sku text NOT NULL,
    components jsonb,
    quantity integer NOT NULL,
    reason text NOT NULL,
    received_quantity integer NOT NULL,
    refunded_quantity integer NOT NULL,
    cancelled_quantity integer NOT NULL,
    refunded_minor bigint NOT NULL,
    refunded_tax_minor bigint NOT NULL,
    unit_minor bigint,
    CONSTRAINT return_line_progress_within_quantity CHECK (((received_quantity >= 0) AND (refunded_quantity >= 0) AND (cancelled_quantity >= 0) AND ((received_quantity + cancelled_quantity) <= quantity) AND ((refunded_quantity + cancelled_quantity) <= quantity))),
    CONSTRAINT return_line_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT return_line_refund_not_negative CHECK (((refunded_minor >= 0) AND (refunded_tax_minor >= 0)))
);

ALTER TABLE ONLY return_line
    ADD CONSTRAINT return_line_pkey PRIMARY KEY (return_id, number);

CREATE TABLE return_policy (
    channel text NOT NULL,
    window_days integer NOT NULL,
    window_days_by_category jsonb NOT NULL,
    refund_by text NOT NULL,
    priority text[] NOT NULL,
    refund_methods jsonb NOT NULL,
    approval text NOT NULL,
    refund_shipping boolean NOT NULL,
    claims_keep_goods boolean NOT NULL,
    claim_days integer NOT NULL,
    unlinked_limit integer NOT NULL,
    unlinked_days integer NOT NULL,
    unlinked_price_days integer NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT return_policy_approval_known CHECK ((approval = ANY (ARRAY['staff'::text, 'automatic'::text]))),
    CONSTRAINT return_policy_claim_days_positive CHECK ((claim_days > 0)),
    CONSTRAINT return_policy_methods_by_tender CHECK ((jsonb_typeof(refund_methods) = 'object'::text)),
    CONSTRAINT return_policy_priority_known CHECK ((priority <@ ARRAY['cash'::text, 'card'::text, 'ewallet'::text, 'bank_transfer'::text, 'gift_card'::text, 'store_credit'::text, 'points'::text])),
    CONSTRAINT return_policy_refund_by_known CHECK ((refund_by = ANY (ARRAY['original_shares'::text, 'priority'::text]))),
    CONSTRAINT return_policy_unlinked_not_negative CHECK (((unlinked_limit >= 0) AND (unlinked_days > 0) AND (unlinked_price_days > 0))),
    CONSTRAINT return_policy_window_not_negative CHECK ((window_days >= 0)),
    CONSTRAINT return_policy_windows_by_category CHECK ((jsonb_typeof(window_days_by_category) = 'object'::text))
);

ALTER TABLE ONLY return_policy
    ADD CONSTRAINT return_policy_pkey PRIMARY KEY (channel);

ALTER TABLE ONLY return_policy
    ADD CONSTRAINT return_policy_channel_fkey FOREIGN KEY (channel) REFERENCES channel(code);

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
    customer text,
    customer_groups text[],
    region text,
    quote_id uuid,
    coupons text[],
    rounding text DEFAULT 'half_up'::text NOT NULL,
    tax_per text DEFAULT 'line'::text NOT NULL,
    shipping jsonb,
    exchanged_minor bigint DEFAULT 0 NOT NULL,
    ship_to jsonb,
    cart_id uuid,
    shipping_kept boolean DEFAULT false NOT NULL,
    email text,
    loyalty_account uuid,
    reward text,
    reward_coupon text,
    reward_points bigint DEFAULT 0 NOT NULL,
    reward_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT sales_order_email_not_empty CHECK ((email <> ''::text)),
    CONSTRAINT sales_order_exchanged_not_negative CHECK ((exchanged_minor >= 0)),
    CONSTRAINT sales_order_reward_costs_points CHECK ((((reward IS NULL) = (reward_points = 0)) AND ((reward IS NULL) = (reward_coupon IS NULL)) AND ((reward IS NULL) OR (loyalty_account IS NOT NULL)) AND (reward_minor >= 0))),
    CONSTRAINT sales_order_rounding_known CHECK ((rounding = ANY (ARRAY['half_up'::text, 'half_down'::text, 'half_even'::text]))),
    CONSTRAINT sales_order_tax_per_known CHECK ((tax_per = ANY (ARRAY['line'::text, 'unit'::text]))),
    CONSTRAINT sales_order_total_not_negative CHECK ((total_minor >= 0))
);

ALTER TABLE ONLY sales_order
    ADD CONSTRAINT sales_order_number_key UNIQUE (number);

ALTER TABLE ONLY sales_order
    ADD CONSTRAINT sales_order_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX sales_order_cart_key ON sales_order USING btree (cart_id) WHERE (cart_id IS NOT NULL);

CREATE INDEX sales_order_channel_idx ON sales_order USING btree (channel, id);

CREATE INDEX sales_order_customer_idx ON sales_order USING btree (customer, id) WHERE (customer IS NOT NULL);

CREATE INDEX sales_order_email_idx ON sales_order USING btree (email, id) WHERE (email IS NOT NULL);

CREATE INDEX sales_order_loyalty_idx ON sales_order USING btree (loyalty_account, id) WHERE (loyalty_account IS NOT NULL);

CREATE INDEX sales_order_person_idx ON sales_order USING btree (customer, placed_at, id) WHERE (customer IS NOT NULL);

CREATE TABLE sales_return (
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    order_id uuid,
    channel text,
    location text,
    customer text,
    currency text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    requested_by uuid NOT NULL,
    approved_at timestamp with time zone,
    approved_by uuid,
    cancelled_at timestamp with time zone,
    note text,
    override jsonb,
    refunds jsonb,
    account_id uuid,
    exchange jsonb,
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    idempotency_key text NOT NULL,
    unlinked_count integer,
    CONSTRAINT sales_return_approved_by_somebody CHECK (((approved_at IS NULL) = (approved_by IS NULL))),
    CONSTRAINT sales_return_kind_known CHECK ((kind = ANY (ARRAY['return'::text, 'exchange'::text, 'unlinked'::text]))),
    CONSTRAINT sales_return_order_named CHECK (((kind = 'unlinked'::text) = (order_id IS NULL))),
    CONSTRAINT sales_return_unlinked_by_customer CHECK (((kind <> 'unlinked'::text) OR (customer IS NOT NULL))),
    CONSTRAINT sales_return_unlinked_count_positive CHECK ((unlinked_count > 0)),
    CONSTRAINT sales_return_unlinked_counted CHECK (((kind = 'unlinked'::text) = (unlinked_count IS NOT NULL)))
);

ALTER TABLE ONLY sales_return
    ADD CONSTRAINT sales_return_number_key UNIQUE (number);

ALTER TABLE ONLY sales_return
    ADD CONSTRAINT sales_return_pkey PRIMARY KEY (id);

CREATE INDEX sales_return_location_idx ON sales_return USING btree (location, id);

CREATE INDEX sales_return_order_idx ON sales_return USING btree (order_id, id);

CREATE INDEX sales_return_person_idx ON sales_return USING btree (customer, requested_at, id) WHERE (customer IS NOT NULL);

CREATE INDEX sales_return_unlinked_idx ON sales_return USING btree (customer, id) WHERE (kind = 'unlinked'::text);

CREATE TABLE sandbox_charge (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    method text NOT NULL,
    decline_code text,
    asked integer NOT NULL,
    CONSTRAINT sandbox_charge_kind_known CHECK ((kind = ANY (ARRAY['authorization'::text, 'capture'::text, 'void'::text, 'refund'::text])))
);

ALTER TABLE ONLY sandbox_charge
    ADD CONSTRAINT sandbox_charge_pkey PRIMARY KEY (id);

CREATE INDEX sandbox_charge_payment_idx ON sandbox_charge USING btree (payment_id);

CREATE TABLE segment (
    code text NOT NULL,
    name text NOT NULL,
    rule jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY segment
    ADD CONSTRAINT segment_pkey PRIMARY KEY (code);

CREATE TABLE shortage (
    id uuid NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    missing integer NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    document_type text NOT NULL,
    document_id uuid NOT NULL,
    note text,
    closed_at timestamp with time zone,
    closed_by uuid,
    CONSTRAINT shortage_closed_whole CHECK (((closed_at IS NULL) = (closed_by IS NULL))),
    CONSTRAINT shortage_missing_positive CHECK ((missing > 0))
);

ALTER TABLE ONLY shortage
    ADD CONSTRAINT shortage_pkey PRIMARY KEY (id);

CREATE INDEX shortage_location_idx ON shortage USING btree (location, id);

CREATE UNIQUE INDEX shortage_open_key ON shortage USING btree (sku, location) WHERE (closed_at IS NULL);

CREATE TABLE signing_key (
    id text NOT NULL,
    private_key bytea NOT NULL,
    public_key bytea NOT NULL,
    book_version bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone
);

ALTER TABLE ONLY signing_key
    ADD CONSTRAINT signing_key_pkey PRIMARY KEY (id);

CREATE TABLE sku (
    code text NOT NULL,
    name text NOT NULL,
    tax_class text NOT NULL,
    status text NOT NULL,
    search_text text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    tracking text,
    components jsonb,
    ordering jsonb,
    categories text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT sku_kit_untracked CHECK (((components IS NULL) OR (tracking IS NULL))),
    CONSTRAINT sku_status_known CHECK ((status = ANY (ARRAY['active'::text, 'blocked'::text]))),
    CONSTRAINT sku_tracking_known CHECK ((tracking = ANY (ARRAY['lot'::text, 'serial'::text])))
);

ALTER TABLE ONLY sku
    ADD CONSTRAINT sku_pkey PRIMARY KEY (code);

CREATE INDEX sku_kit_idx ON sku USING btree (code) WHERE (components IS NOT NULL);

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

CREATE TABLE sourcing_policy (
    channel text NOT NULL,
    rules text[] NOT NULL,
    max_distance_km integer,
    max_locations integer NOT NULL,
    cooling_off_hours integer NOT NULL,
    max_attempts integer NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT sourcing_policy_attempts_positive CHECK ((max_attempts > 0)),
    CONSTRAINT sourcing_policy_cooling_not_negative CHECK ((cooling_off_hours >= 0)),
    CONSTRAINT sourcing_policy_distance_positive CHECK ((max_distance_km > 0)),
    CONSTRAINT sourcing_policy_locations_positive CHECK ((max_locations > 0)),
    CONSTRAINT sourcing_policy_rules_known CHECK ((rules <@ ARRAY['preferred'::text, 'fewest_splits'::text, 'proximity'::text, 'highest_stock'::text]))
);

ALTER TABLE ONLY sourcing_policy
    ADD CONSTRAINT sourcing_policy_pkey PRIMARY KEY (channel);

ALTER TABLE ONLY sourcing_policy
    ADD CONSTRAINT sourcing_policy_channel_fkey FOREIGN KEY (channel) REFERENCES channel(code);

CREATE TABLE staff_pin (
    code text NOT NULL,
    api_key_id uuid NOT NULL,
    salt bytea NOT NULL,
    pin_hash bytea NOT NULL,
    wrong_tries integer NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT staff_pin_salted CHECK (((length(salt) = 16) AND (length(pin_hash) = 32))),
    CONSTRAINT staff_pin_wrong_tries_not_negative CHECK ((wrong_tries >= 0))
);

ALTER TABLE ONLY staff_pin
    ADD CONSTRAINT staff_pin_api_key_id_key UNIQUE (api_key_id);

ALTER TABLE ONLY staff_pin
    ADD CONSTRAINT staff_pin_pkey PRIMARY KEY (code);

ALTER TABLE ONLY staff_pin
    ADD CONSTRAINT staff_pin_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES api_key(id);

CREATE TABLE stock_cost (
    movement_id uuid NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    quantity integer NOT NULL,
    unit_cost numeric NOT NULL,
    currency text NOT NULL,
    on_hand_before integer NOT NULL,
    average numeric NOT NULL,
    CONSTRAINT stock_cost_not_negative CHECK (((unit_cost >= (0)::numeric) AND (average >= (0)::numeric)))
);

ALTER TABLE ONLY stock_cost
    ADD CONSTRAINT stock_cost_pkey PRIMARY KEY (movement_id);

CREATE INDEX stock_cost_place_idx ON stock_cost USING btree (sku, location, movement_id);

CREATE TABLE stock_count (
    id uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    sku text NOT NULL,
    location text NOT NULL,
    lot text,
    quantity integer NOT NULL,
    variance integer NOT NULL,
    document_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    CONSTRAINT stock_count_quantity_not_negative CHECK ((quantity >= 0))
);

ALTER TABLE ONLY stock_count
    ADD CONSTRAINT stock_count_pkey PRIMARY KEY (id);

CREATE INDEX stock_count_document_idx ON stock_count USING btree (document_id);

CREATE INDEX stock_count_place_idx ON stock_count USING btree (sku, location, occurred_at);

CREATE TABLE stock_level (
    sku text NOT NULL,
    location text NOT NULL,
    on_hand integer NOT NULL,
    allocated integer NOT NULL,
    held integer DEFAULT 0 NOT NULL,
    damaged integer DEFAULT 0 NOT NULL,
    quality_control integer DEFAULT 0 NOT NULL,
    safety_stock integer,
    moved_at timestamp with time zone,
    counted_at timestamp with time zone,
    shortage_id uuid,
    suspected integer DEFAULT 0 NOT NULL,
    CONSTRAINT stock_level_allocated_not_negative CHECK ((allocated >= 0)),
    CONSTRAINT stock_level_held_not_negative CHECK ((held >= 0)),
    CONSTRAINT stock_level_on_hand_not_negative CHECK (((on_hand >= 0) OR (shortage_id IS NOT NULL))),
    CONSTRAINT stock_level_safety_stock_not_negative CHECK ((safety_stock >= 0)),
    CONSTRAINT stock_level_set_aside_on_hand CHECK (((damaged >= 0) AND (quality_control >= 0) AND (((damaged + quality_control) <= on_hand) OR (shortage_id IS NOT NULL)))),
    CONSTRAINT stock_level_suspected_not_negative CHECK ((suspected >= 0))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY stock_level
    ADD CONSTRAINT stock_level_pkey PRIMARY KEY (sku, location);

CREATE INDEX stock_level_location_idx ON stock_level USING btree (location, sku);

ALTER TABLE ONLY stock_level
    ADD CONSTRAINT stock_level_location_fkey FOREIGN KEY (location) REFERENCES location(code);

ALTER TABLE ONLY stock_level
    ADD CONSTRAINT stock_level_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE stock_lot (
    sku text NOT NULL,
    location text NOT NULL,
    lot text NOT NULL,
    expires_on date,
    on_hand integer NOT NULL,
    damaged integer NOT NULL,
    quality_control integer NOT NULL,
    CONSTRAINT stock_lot_set_aside_on_hand CHECK (((damaged >= 0) AND (quality_control >= 0) AND ((damaged + quality_control) <= on_hand)))
);

ALTER TABLE ONLY stock_lot
    ADD CONSTRAINT stock_lot_pkey PRIMARY KEY (sku, location, lot);

CREATE INDEX stock_lot_there_idx ON stock_lot USING btree (sku, location) WHERE (on_hand > 0);

ALTER TABLE ONLY stock_lot
    ADD CONSTRAINT stock_lot_level_fkey FOREIGN KEY (sku, location) REFERENCES stock_level(sku, location);

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
    kit text,
    lot text,
    serials text[],
    corrects uuid,
    shortage_id uuid,
    CONSTRAINT stock_movement_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT stock_movement_states_known CHECK ((((((((((((((((((((((((((((from_state = 'supplier'::text) AND (to_state = 'available'::text)) OR ((from_state = 'available'::text) AND (to_state = 'customer'::text))) OR ((from_state = 'shrinkage'::text) AND (to_state = 'available'::text))) OR ((from_state = 'available'::text) AND (to_state = 'shrinkage'::text))) OR ((from_state = 'available'::text) AND (to_state = 'allocated'::text))) OR ((from_state = 'allocated'::text) AND (to_state = 'available'::text))) OR ((from_state = 'allocated'::text) AND (to_state = 'customer'::text))) OR ((from_state = 'customer'::text) AND (to_state = 'available'::text))) OR ((from_state = 'customer'::text) AND (to_state = 'damaged'::text))) OR ((from_state = 'customer'::text) AND (to_state = 'quality_control'::text))) OR ((from_state = 'available'::text) AND (to_state = 'damaged'::text))) OR ((from_state = 'damaged'::text) AND (to_state = 'available'::text))) OR ((from_state = 'available'::text) AND (to_state = 'quality_control'::text))) OR ((from_state = 'quality_control'::text) AND (to_state = 'available'::text))) OR ((from_state = 'damaged'::text) AND (to_state = 'quality_control'::text))) OR ((from_state = 'quality_control'::text) AND (to_state = 'damaged'::text))) OR ((from_state = 'damaged'::text) AND (to_state = 'shrinkage'::text))) OR ((from_state = 'quality_control'::text) AND (to_state = 'shrinkage'::text))) OR ((from_state = 'available'::text) AND (to_state = 'in_transit'::text))) OR ((from_state = 'in_transit'::text) AND (to_state = 'available'::text))) OR ((from_state = 'in_transit'::text) AND (to_state = 'shrinkage'::text))) OR ((from_state = 'allocated'::text) AND (to_state = 'in_transit'::text))) OR ((from_state = 'in_transit'::text) AND (to_state = 'allocated'::text))) OR ((from_state = 'customer'::text) AND (to_state = 'shrinkage'::text))) OR ((from_state = 'shrinkage'::text) AND (to_state = 'damaged'::text))) OR ((from_state = 'shrinkage'::text) AND (to_state = 'quality_control'::text))))
)
PARTITION BY RANGE (recorded_at);

ALTER TABLE ONLY stock_movement
    ADD CONSTRAINT stock_movement_pkey PRIMARY KEY (id, recorded_at);

CREATE INDEX stock_movement_corrects_idx ON ONLY stock_movement USING btree (corrects) WHERE (corrects IS NOT NULL);

CREATE INDEX stock_movement_document_idx ON ONLY stock_movement USING btree (document_id);

CREATE INDEX stock_movement_serials_idx ON ONLY stock_movement USING gin (serials) WHERE (serials IS NOT NULL);

CREATE INDEX stock_movement_sku_idx ON ONLY stock_movement USING btree (sku, id);

CREATE TABLE stock_reason (
    code text NOT NULL,
    name text NOT NULL,
    direction text NOT NULL,
    status text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_reason_direction_known CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text, 'either'::text]))),
    CONSTRAINT stock_reason_status_known CHECK ((status = ANY (ARRAY['active'::text, 'retired'::text])))
);

ALTER TABLE ONLY stock_reason
    ADD CONSTRAINT stock_reason_pkey PRIMARY KEY (code);

CREATE TABLE stock_serial (
    sku text NOT NULL,
    serial text NOT NULL,
    state text NOT NULL,
    location text,
    CONSTRAINT stock_serial_placed CHECK (((state = 'on_hand'::text) = (location IS NOT NULL))),
    CONSTRAINT stock_serial_state_known CHECK ((state = ANY (ARRAY['on_hand'::text, 'gone'::text])))
);

ALTER TABLE ONLY stock_serial
    ADD CONSTRAINT stock_serial_pkey PRIMARY KEY (sku, serial);

ALTER TABLE ONLY stock_serial
    ADD CONSTRAINT stock_serial_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE tax_rate (
    tax_class text NOT NULL,
    region text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    rate_ppm integer NOT NULL,
    book_version bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT tax_rate_within_bounds CHECK (((rate_ppm >= 0) AND (rate_ppm <= 1000000)))
);

ALTER TABLE ONLY tax_rate
    ADD CONSTRAINT tax_rate_pkey PRIMARY KEY (tax_class, region, valid_from);

CREATE TABLE tender (
    order_id uuid NOT NULL,
    number integer NOT NULL,
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    reference text,
    rounding_minor bigint DEFAULT 0 NOT NULL,
    cash_step_minor bigint DEFAULT 1 NOT NULL,
    uncaptured_minor bigint DEFAULT 0 NOT NULL,
    voided_minor bigint DEFAULT 0 NOT NULL,
    payment_id uuid,
    account_id uuid,
    owed_minor bigint DEFAULT 0 NOT NULL,
    card_token text,
    points bigint,
    CONSTRAINT tender_account_named CHECK (((type = ANY (ARRAY['gift_card'::text, 'store_credit'::text])) = (account_id IS NOT NULL))),
    CONSTRAINT tender_amount_positive CHECK ((amount_minor > 0)),
    CONSTRAINT tender_card_token_of_card CHECK (((card_token IS NULL) OR (type = ANY (ARRAY['card'::text, 'ewallet'::text])))),
    CONSTRAINT tender_owed_not_negative CHECK ((owed_minor >= 0)),
    CONSTRAINT tender_parts_within_amount CHECK (((uncaptured_minor >= 0) AND (voided_minor >= 0) AND ((uncaptured_minor + voided_minor) <= amount_minor))),
    CONSTRAINT tender_points_named CHECK ((((type = 'points'::text) = (points IS NOT NULL)) AND ((points IS NULL) OR (points > 0)))),
    CONSTRAINT tender_rounding_is_cash CHECK (((type = 'cash'::text) OR ((rounding_minor = 0) AND (cash_step_minor = 1)))),
    CONSTRAINT tender_type_known CHECK ((type = ANY (ARRAY['cash'::text, 'card'::text, 'ewallet'::text, 'bank_transfer'::text, 'gift_card'::text, 'store_credit'::text, 'points'::text])))
);

ALTER TABLE ONLY tender
    ADD CONSTRAINT tender_pkey PRIMARY KEY (order_id, number);

CREATE INDEX tender_card_token_idx ON tender USING btree (card_token, order_id) WHERE (card_token IS NOT NULL);

CREATE TABLE transfer (
    id uuid NOT NULL,
    number text NOT NULL,
    source text NOT NULL,
    destination text NOT NULL,
    state text NOT NULL,
    note text,
    created_at timestamp with time zone NOT NULL,
    created_by uuid NOT NULL,
    expected_at timestamp with time zone,
    shipped_at timestamp with time zone,
    closed_at timestamp with time zone,
    version integer NOT NULL,
    CONSTRAINT transfer_between_two CHECK ((source <> destination)),
    CONSTRAINT transfer_state_known CHECK ((state = ANY (ARRAY['draft'::text, 'shipped'::text, 'partially_received'::text, 'received'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY transfer
    ADD CONSTRAINT transfer_number_key UNIQUE (number);

ALTER TABLE ONLY transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);

CREATE INDEX transfer_destination_idx ON transfer USING btree (destination, id);

CREATE INDEX transfer_source_idx ON transfer USING btree (source, id);

ALTER TABLE ONLY transfer
    ADD CONSTRAINT transfer_destination_fkey FOREIGN KEY (destination) REFERENCES location(code);

ALTER TABLE ONLY transfer
    ADD CONSTRAINT transfer_source_fkey FOREIGN KEY (source) REFERENCES location(code);

CREATE TABLE transfer_discrepancy (
    transfer_id uuid NOT NULL,
    number integer NOT NULL,
    line_number integer NOT NULL,
    kind text NOT NULL,
    quantity integer NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by uuid NOT NULL,
    resolution text,
    note text,
    closed_at timestamp with time zone,
    closed_by uuid,
    CONSTRAINT transfer_discrepancy_closed_whole CHECK ((((resolution IS NULL) = (closed_at IS NULL)) AND ((closed_at IS NULL) = (closed_by IS NULL)))),
    CONSTRAINT transfer_discrepancy_kind_known CHECK ((kind = ANY (ARRAY['over'::text, 'under'::text]))),
    CONSTRAINT transfer_discrepancy_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT transfer_discrepancy_resolution_known CHECK ((resolution = ANY (ARRAY['found'::text, 'lost'::text])))
);

ALTER TABLE ONLY transfer_discrepancy
    ADD CONSTRAINT transfer_discrepancy_pkey PRIMARY KEY (transfer_id, number);

CREATE TABLE transfer_line (
    transfer_id uuid NOT NULL,
    number integer NOT NULL,
    sku text NOT NULL,
    destination text NOT NULL,
    quantity integer NOT NULL,
    shipped integer NOT NULL,
    received integer NOT NULL,
    returned integer NOT NULL,
    found integer NOT NULL,
    lost integer NOT NULL,
    unit_cost numeric,
    cost_currency text,
    CONSTRAINT transfer_line_quantity_positive CHECK ((quantity > 0)),
    CONSTRAINT transfer_line_within_shipped CHECK (((shipped >= 0) AND (received >= 0) AND (returned >= 0) AND (found >= 0) AND (lost >= 0) AND ((((received + returned) + found) + lost) <= shipped)))
);

ALTER TABLE ONLY transfer_line
    ADD CONSTRAINT transfer_line_pkey PRIMARY KEY (transfer_id, number);

CREATE INDEX transfer_line_inbound_idx ON transfer_line USING btree (sku, destination) WHERE (shipped > (((received + returned) + found) + lost));

ALTER TABLE ONLY transfer_line
    ADD CONSTRAINT transfer_line_sku_fkey FOREIGN KEY (sku) REFERENCES sku(code);

CREATE TABLE unlinked_customer (
    customer text NOT NULL,
    first_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY unlinked_customer
    ADD CONSTRAINT unlinked_customer_pkey PRIMARY KEY (customer);

CREATE TABLE usage (
    id uuid NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    customer text,
    state text NOT NULL,
    order_id uuid,
    claimed_by uuid,
    expires_at timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT usage_claim_expires CHECK (((state <> 'claimed'::text) OR (expires_at IS NOT NULL))),
    CONSTRAINT usage_kind_known CHECK ((kind = ANY (ARRAY['coupon'::text, 'promotion'::text]))),
    CONSTRAINT usage_state_known CHECK ((state = ANY (ARRAY['claimed'::text, 'used'::text, 'freed'::text]))),
    CONSTRAINT usage_used_by_order CHECK (((state <> 'used'::text) OR (order_id IS NOT NULL)))
);

ALTER TABLE ONLY usage
    ADD CONSTRAINT usage_pkey PRIMARY KEY (id);

CREATE INDEX usage_claimed_idx ON usage USING btree (kind, code, expires_at) WHERE (state = 'claimed'::text);

CREATE INDEX usage_customer_idx ON usage USING btree (kind, code, customer) WHERE ((customer IS NOT NULL) AND (state <> 'freed'::text));

CREATE INDEX usage_expires_at_idx ON usage USING btree (expires_at) WHERE (order_id IS NULL);

CREATE INDEX usage_order_idx ON usage USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX usage_person_idx ON usage USING btree (customer) WHERE (customer IS NOT NULL);

CREATE TABLE usage_count (
    kind text NOT NULL,
    code text NOT NULL,
    used integer NOT NULL,
    CONSTRAINT usage_count_kind_known CHECK ((kind = ANY (ARRAY['coupon'::text, 'promotion'::text]))),
    CONSTRAINT usage_count_not_negative CHECK ((used >= 0))
)
WITH (fillfactor='50');

ALTER TABLE ONLY usage_count
    ADD CONSTRAINT usage_count_pkey PRIMARY KEY (kind, code);
