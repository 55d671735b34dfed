-- Master data: the keys are the retailer's own codes.

create table channel (
    code text not null,
    name text not null,
    kind text not null,
    currency text not null,
    updated_at timestamp with time zone not null,
    constraint channel_pkey primary key (code),
    constraint channel_kind_known check (kind in ('pos', 'web', 'mobile', 'marketplace'))
);

create table api_key (
    id uuid not null,
    prefix text not null,
    secret_hash bytea not null,
    kind text not null,
    name text not null,
    scopes text[] not null,
    channel text,
    locations text[] not null,
    created_at timestamp with time zone not null,
    revoked_at timestamp with time zone,
    constraint api_key_pkey primary key (id),
    constraint api_key_prefix_key unique (prefix),
    constraint api_key_kind_known check (kind in ('terminal', 'channel', 'staff', 'integration')),
    constraint api_key_terminal_bound check (
        kind <> 'terminal' or (channel is not null and cardinality(locations) = 1)
    ),
    constraint api_key_channel_fkey foreign key (channel) references channel (code)
);

create table location (
    code text not null,
    name text not null,
    kind text not null,
    time_zone text not null,
    latitude double precision,
    longitude double precision,
    capabilities text[] not null,
    status text not null,
    version integer not null,
    updated_at timestamp with time zone not null,
    constraint location_pkey primary key (code),
    constraint location_kind_known check (kind in ('store', 'warehouse')),
    constraint location_status_known check (status in ('active', 'inactive')),
    constraint location_capabilities_known check (
        capabilities <@ array['carry_out', 'pickup', 'ship']
    ),
    constraint location_placed check ((latitude is null) = (longitude is null))
);

create table sku (
    code text not null,
    name text not null,
    tax_class text not null,
    status text not null,
    search_text text not null,
    version integer not null,
    updated_at timestamp with time zone not null,
    constraint sku_pkey primary key (code),
    constraint sku_status_known check (status in ('active', 'blocked'))
);

create table sku_barcode (
    normalized text not null,
    sku text not null,
    kind text not null,
    printed text not null,
    constraint sku_barcode_pkey primary key (normalized),
    constraint sku_barcode_kind_known check (kind in ('gtin', 'internal')),
    constraint sku_barcode_sku_fkey foreign key (sku) references sku (code)
);

create index sku_barcode_sku_idx on sku_barcode (sku);

-- Prices: at most one holds at any moment, for each lives until the next one begins.

create table price_list (
    code text not null,
    name text not null,
    currency text not null,
    updated_at timestamp with time zone not null,
    constraint price_list_pkey primary key (code),
    constraint price_list_currency_key unique (currency)
);

create table price (
    price_list text not null,
    sku text not null,
    valid_from timestamp with time zone not null,
    amount_minor bigint,
    book_version bigint not null,
    recorded_at timestamp with time zone not null,
    constraint price_pkey primary key (price_list, sku, valid_from),
    constraint price_amount_not_negative check (amount_minor >= 0),
    constraint price_price_list_fkey foreign key (price_list) references price_list (code),
    constraint price_sku_fkey foreign key (sku) references sku (code)
);

create index price_book_version_idx on price (book_version);

create table price_book (
    only_row boolean not null,
    version bigint not null,
    constraint price_book_pkey primary key (only_row),
    constraint price_book_only_row check (only_row)
);

insert into price_book (only_row, version) values (true, 0);

-- The inventory ledger. Levels change with every sale: free space in each page keeps the new
-- version of a row beside the old one, and out of the index.

create table stock_level (
    sku text not null,
    location text not null,
    on_hand integer not null,
    allocated integer not null,
    constraint stock_level_pkey primary key (sku, location),
    constraint stock_level_on_hand_not_negative check (on_hand >= 0),
    constraint stock_level_allocated_not_negative check (allocated >= 0),
    constraint stock_level_sku_fkey foreign key (sku) references sku (code),
    constraint stock_level_location_fkey foreign key (location) references location (code)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table stock_movement (
    id uuid not null,
    recorded_at timestamp with time zone not null,
    occurred_at timestamp with time zone not null,
    type text not null,
    sku text not null,
    location text not null,
    from_state text not null,
    to_state text not null,
    quantity integer not null,
    reason text,
    document_type text not null,
    document_id uuid not null,
    actor_id uuid not null,
    channel text,
    idempotency_key text not null,
    constraint stock_movement_pkey primary key (id, recorded_at),
    constraint stock_movement_quantity_positive check (quantity > 0),
    constraint stock_movement_states_known check (
        (from_state, to_state) in (
            ('supplier', 'available'), ('available', 'customer'), ('shrinkage', 'available'),
            ('available', 'shrinkage'), ('available', 'allocated'), ('allocated', 'available'),
            ('allocated', 'customer')
        )
    )
) partition by range (recorded_at);

create index stock_movement_sku_idx on stock_movement (sku, id);

create index stock_movement_document_idx on stock_movement (document_id);

create table stock_movement_default partition of stock_movement default;

-- Orders. Their parts carry no foreign keys to them: they are written by one function, in one
-- transaction with their order, never deleted, and proved by the audit.

create table sales_order (
    id uuid not null,
    number text not null,
    channel text not null,
    location text,
    currency text not null,
    total_minor bigint not null,
    book_version bigint not null,
    placed_by uuid not null,
    placed_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    idempotency_key text not null,
    version integer not null,
    constraint sales_order_pkey primary key (id),
    constraint sales_order_number_key unique (number),
    constraint sales_order_total_not_negative check (total_minor >= 0)
);

create index sales_order_channel_idx on sales_order (channel, id);

create table order_line (
    order_id uuid not null,
    line_number integer not null,
    fulfillment_number integer not null,
    sku text not null,
    quantity integer not null,
    fulfilled_quantity integer not null,
    cancelled_quantity integer not null,
    list_price_minor bigint,
    unit_price_minor bigint not null,
    price_reason text,
    total_minor bigint not null,
    constraint order_line_pkey primary key (order_id, line_number),
    constraint order_line_quantity_positive check (quantity > 0),
    constraint order_line_progress_within_quantity check (
        fulfilled_quantity >= 0 and cancelled_quantity >= 0
        and fulfilled_quantity + cancelled_quantity <= quantity
    )
) with (fillfactor = 80);

create table fulfillment (
    id uuid not null,
    order_id uuid not null,
    number integer not null,
    kind text not null,
    location text not null,
    state text not null,
    constraint fulfillment_pkey primary key (id),
    constraint fulfillment_kind_known check (kind in ('carry_out', 'pickup', 'ship')),
    constraint fulfillment_state_known check (
        state in ('allocated', 'shipped', 'handed_over', 'cancelled')
    )
);

create index fulfillment_order_idx on fulfillment (order_id);

create index fulfillment_location_idx on fulfillment (location, state, id);

create table tender (
    order_id uuid not null,
    number integer not null,
    type text not null,
    amount_minor bigint not null,
    reference text,
    constraint tender_pkey primary key (order_id, number),
    constraint tender_type_known check (type in ('cash', 'card')),
    constraint tender_amount_positive check (amount_minor > 0)
);

create table refund (
    order_id uuid not null,
    tender_number integer not null,
    event_sequence integer not null,
    amount_minor bigint not null,
    recorded_at timestamp with time zone not null,
    constraint refund_pkey primary key (order_id, tender_number, event_sequence),
    constraint refund_amount_positive check (amount_minor > 0)
);

-- What happened, and what was asked already.

create table event (
    id uuid not null,
    recorded_at timestamp with time zone not null,
    occurred_at timestamp with time zone not null,
    document_type text not null,
    document_id uuid not null,
    sequence integer not null,
    type text not null,
    actor_id uuid not null,
    channel text,
    data jsonb not null,
    constraint event_pkey primary key (id, recorded_at)
) partition by range (recorded_at);

create index event_document_idx on event (document_id, sequence);

create table event_default partition of event default;

create table idempotency_key (
    principal_id uuid not null,
    key text not null,
    request_hash bytea not null,
    answer text not null,
    recorded_at timestamp with time zone not null,
    constraint idempotency_key_pkey primary key (principal_id, key)
);

create index idempotency_key_recorded_at_idx on idempotency_key (recorded_at);
