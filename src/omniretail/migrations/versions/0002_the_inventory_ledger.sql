-- Master data: what a SKU is made of and tracked by, what a location withholds, groups of locations.

alter table sku add column tracking text;

alter table sku add column components jsonb;

alter table sku add column ordering jsonb;

alter table sku add constraint sku_tracking_known check (tracking in ('lot', 'serial'));

-- A kit is its components: it has no stock of its own to track.
alter table sku add constraint sku_kit_untracked check (components is null or tracking is null);

-- Kits are few: asking each SKU whether it is one must cost next to nothing.
create index sku_kit_idx on sku (code) where components is not null;

alter table location add column safety_stock integer not null default 0;

alter table location add constraint location_safety_stock_not_negative check (safety_stock >= 0);

create table location_group (
    code text not null,
    name text not null,
    version integer not null,
    updated_at timestamp with time zone not null,
    constraint location_group_pkey primary key (code)
);

create table location_group_member (
    location_group text not null,
    location text not null,
    constraint location_group_member_pkey primary key (location_group, location),
    constraint location_group_member_group_fkey foreign key (location_group)
    references location_group (code),
    constraint location_group_member_location_fkey foreign key (location) references location (code)
);

-- What a channel sees: the locations of its pool, less its threshold.

create table channel_stock_policy (
    channel text not null,
    pool text,
    threshold integer not null,
    updated_at timestamp with time zone not null,
    constraint channel_stock_policy_pkey primary key (channel),
    constraint channel_stock_policy_threshold_not_negative check (threshold >= 0),
    constraint channel_stock_policy_channel_fkey foreign key (channel) references channel (code),
    constraint channel_stock_policy_pool_fkey foreign key (pool) references location_group (code)
);

create table channel_sku_threshold (
    channel text not null,
    sku text not null,
    threshold integer not null,
    constraint channel_sku_threshold_pkey primary key (channel, sku),
    constraint channel_sku_threshold_not_negative check (threshold >= 0),
    constraint channel_sku_threshold_channel_fkey foreign key (channel)
    references channel_stock_policy (channel),
    constraint channel_sku_threshold_sku_fkey foreign key (sku) references sku (code)
);

-- Levels: the fast balances. `safety_stock` overrides the location's. `moved_at` is when on_hand last
-- changed and `counted_at` when it was last counted, both by the caller's time. `shortage_id` is the
-- open case of a level that owes more than it has.

alter table stock_level add column held integer not null default 0;

alter table stock_level add column damaged integer not null default 0;

alter table stock_level add column quality_control integer not null default 0;

alter table stock_level add column safety_stock integer;

alter table stock_level add column moved_at timestamp with time zone;

alter table stock_level add column counted_at timestamp with time zone;

alter table stock_level add column shortage_id uuid;

-- What stood before was moved at the latest when this ran.
update stock_level set moved_at = now();

alter table stock_level drop constraint stock_level_on_hand_not_negative;

alter table stock_level add constraint stock_level_on_hand_not_negative check (
    on_hand >= 0 or shortage_id is not null
);

alter table stock_level add constraint stock_level_held_not_negative check (held >= 0);

alter table stock_level add constraint stock_level_set_aside_on_hand check (
    damaged >= 0 and quality_control >= 0
    and (damaged + quality_control <= on_hand or shortage_id is not null)
);

alter table stock_level add constraint stock_level_safety_stock_not_negative check (safety_stock >= 0);

create index stock_level_location_idx on stock_level (location, sku);

-- Movements: `kit` names what a component moved for, `corrects` the movement or count it corrects.

alter table stock_movement add column kit text;

alter table stock_movement add column lot text;

alter table stock_movement add column serials text[];

alter table stock_movement add column corrects uuid;

alter table stock_movement add column shortage_id uuid;

alter table stock_movement drop constraint stock_movement_states_known;

alter table stock_movement add constraint stock_movement_states_known check (
    (from_state, to_state) in (
        ('supplier', 'available'), ('available', 'customer'), ('shrinkage', 'available'),
        ('available', 'shrinkage'), ('available', 'allocated'), ('allocated', 'available'),
        ('allocated', 'customer'), ('customer', 'available'), ('customer', 'damaged'),
        ('customer', 'quality_control'), ('available', 'damaged'), ('damaged', 'available'),
        ('available', 'quality_control'), ('quality_control', 'available'),
        ('damaged', 'quality_control'), ('quality_control', 'damaged'), ('damaged', 'shrinkage'),
        ('quality_control', 'shrinkage'), ('available', 'in_transit'), ('in_transit', 'available'),
        ('in_transit', 'shrinkage')
    )
);

create index stock_movement_corrects_idx on stock_movement (corrects) where corrects is not null;

create table stock_reason (
    code text not null,
    name text not null,
    direction text not null,
    status text not null,
    updated_at timestamp with time zone not null,
    constraint stock_reason_pkey primary key (code),
    constraint stock_reason_direction_known check (direction in ('in', 'out', 'either')),
    constraint stock_reason_status_known check (status in ('active', 'retired'))
);

insert into stock_reason (code, name, direction, status, updated_at)
values
('purchase', 'Purchase', 'in', 'active', now()),
('found', 'Found', 'in', 'active', now()),
('opening_balance', 'Opening balance', 'in', 'active', now()),
('customer_return', 'Customer return', 'in', 'active', now()),
('passed_inspection', 'Passed inspection', 'in', 'active', now()),
('repaired', 'Repaired', 'in', 'active', now()),
('damaged', 'Damaged', 'out', 'active', now()),
('theft', 'Theft', 'out', 'active', now()),
('expired', 'Expired', 'out', 'active', now()),
('sample', 'Sample', 'out', 'active', now()),
('inspection', 'Inspection', 'out', 'active', now()),
('count_correction', 'Count correction', 'either', 'active', now()),
('other', 'Other', 'either', 'active', now());

-- A count is an absolute figure at a moment; `variance` is the sum of the movements it led to, those
-- of late events included.

create table stock_count (
    id uuid not null,
    recorded_at timestamp with time zone not null,
    occurred_at timestamp with time zone not null,
    sku text not null,
    location text not null,
    lot text,
    quantity integer not null,
    variance integer not null,
    document_id uuid not null,
    actor_id uuid not null,
    constraint stock_count_pkey primary key (id),
    constraint stock_count_quantity_not_negative check (quantity >= 0)
);

create index stock_count_place_idx on stock_count (sku, location, occurred_at);

create index stock_count_document_idx on stock_count (document_id);

-- Lots and serial numbers, of the SKUs that are tracked by them.

create table stock_lot (
    sku text not null,
    location text not null,
    lot text not null,
    expires_on date,
    on_hand integer not null,
    damaged integer not null,
    quality_control integer not null,
    constraint stock_lot_pkey primary key (sku, location, lot),
    constraint stock_lot_set_aside_on_hand check (
        damaged >= 0 and quality_control >= 0 and damaged + quality_control <= on_hand
    ),
    constraint stock_lot_level_fkey foreign key (sku, location)
    references stock_level (sku, location)
);

create index stock_lot_there_idx on stock_lot (sku, location) where on_hand > 0;

create table stock_serial (
    sku text not null,
    serial text not null,
    state text not null,
    location text,
    constraint stock_serial_pkey primary key (sku, serial),
    constraint stock_serial_state_known check (state in ('on_hand', 'gone')),
    constraint stock_serial_placed check ((state = 'on_hand') = (location is not null)),
    constraint stock_serial_sku_fkey foreign key (sku) references sku (code)
);

-- Holds: promised to a basket until a time. A line is open until it is closed or its time has come.
-- `per_unit` units of the SKU make one of the kit, or 1.

create table hold (
    id uuid not null,
    principal_id uuid not null,
    channel text,
    reference text,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    released_at timestamp with time zone,
    order_id uuid,
    constraint hold_pkey primary key (id),
    constraint hold_resolved_once check (released_at is null or order_id is null)
);

create table hold_line (
    hold_id uuid not null,
    number integer not null,
    sku text not null,
    location text not null,
    kit text,
    per_unit integer not null,
    requested integer not null,
    quantity integer not null,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    closed_at timestamp with time zone,
    constraint hold_line_pkey primary key (hold_id, number, sku),
    constraint hold_line_per_unit_positive check (per_unit > 0),
    constraint hold_line_within_requested check (
        requested > 0 and quantity >= 0 and quantity <= requested::bigint * per_unit
    )
);

create index hold_line_open_idx on hold_line (sku, location, expires_at)
where closed_at is null and quantity > 0;

-- Transfers between locations. A line's goods are in transit from its shipment until they are received,
-- put back, or closed as found or lost.

create table transfer (
    id uuid not null,
    number text not null,
    source text not null,
    destination text not null,
    state text not null,
    note text,
    created_at timestamp with time zone not null,
    created_by uuid not null,
    expected_at timestamp with time zone,
    shipped_at timestamp with time zone,
    closed_at timestamp with time zone,
    version integer not null,
    constraint transfer_pkey primary key (id),
    constraint transfer_number_key unique (number),
    constraint transfer_state_known check (
        state in ('draft', 'shipped', 'partially_received', 'received', 'cancelled')
    ),
    constraint transfer_between_two check (source <> destination),
    constraint transfer_source_fkey foreign key (source) references location (code),
    constraint transfer_destination_fkey foreign key (destination) references location (code)
);

create index transfer_source_idx on transfer (source, id);

create index transfer_destination_idx on transfer (destination, id);

create table transfer_line (
    transfer_id uuid not null,
    number integer not null,
    sku text not null,
    destination text not null,
    quantity integer not null,
    shipped integer not null,
    received integer not null,
    returned integer not null,
    found integer not null,
    lost integer not null,
    unit_cost numeric,
    cost_currency text,
    constraint transfer_line_pkey primary key (transfer_id, number),
    constraint transfer_line_quantity_positive check (quantity > 0),
    constraint transfer_line_within_shipped check (
        shipped >= 0 and received >= 0 and returned >= 0 and found >= 0 and lost >= 0
        and received + returned + found + lost <= shipped
    ),
    constraint transfer_line_sku_fkey foreign key (sku) references sku (code)
);

create index transfer_line_inbound_idx on transfer_line (sku, destination)
where shipped > received + returned + found + lost;

create table transfer_discrepancy (
    transfer_id uuid not null,
    number integer not null,
    line_number integer not null,
    kind text not null,
    quantity integer not null,
    opened_at timestamp with time zone not null,
    opened_by uuid not null,
    resolution text,
    note text,
    closed_at timestamp with time zone,
    closed_by uuid,
    constraint transfer_discrepancy_pkey primary key (transfer_id, number),
    constraint transfer_discrepancy_kind_known check (kind in ('over', 'under')),
    constraint transfer_discrepancy_resolution_known check (resolution in ('found', 'lost')),
    constraint transfer_discrepancy_quantity_positive check (quantity > 0),
    constraint transfer_discrepancy_closed_whole check (
        (resolution is null) = (closed_at is null) and (closed_at is null) = (closed_by is null)
    )
);

-- Supply: goods that a supplier has announced for a time.

create table expected_receipt (
    id uuid not null,
    sku text not null,
    location text not null,
    quantity integer not null,
    received integer not null,
    expected_at timestamp with time zone not null,
    reference text,
    created_at timestamp with time zone not null,
    created_by uuid not null,
    cancelled_at timestamp with time zone,
    constraint expected_receipt_pkey primary key (id),
    constraint expected_receipt_quantity_positive check (quantity > 0),
    constraint expected_receipt_received_not_negative check (received >= 0),
    constraint expected_receipt_sku_fkey foreign key (sku) references sku (code),
    constraint expected_receipt_location_fkey foreign key (location) references location (code)
);

create index expected_receipt_open_idx on expected_receipt (sku, location)
where cancelled_at is null and received < quantity;

-- Cost: what a receipt cost, and the moving average of its place after it, in minor units.

create table stock_cost (
    movement_id uuid not null,
    sku text not null,
    location text not null,
    recorded_at timestamp with time zone not null,
    quantity integer not null,
    unit_cost numeric not null,
    currency text not null,
    on_hand_before integer not null,
    average numeric not null,
    constraint stock_cost_pkey primary key (movement_id),
    constraint stock_cost_not_negative check (unit_cost >= 0 and average >= 0)
);

create index stock_cost_place_idx on stock_cost (sku, location, movement_id);

-- Tasks to count some SKUs of a location.

create table count_task (
    id uuid not null,
    location text not null,
    assigned_to text,
    review_threshold integer,
    note text,
    due_at timestamp with time zone,
    created_at timestamp with time zone not null,
    created_by uuid not null,
    closed_at timestamp with time zone,
    closed_by uuid,
    version integer not null,
    constraint count_task_pkey primary key (id),
    constraint count_task_review_threshold_not_negative check (review_threshold >= 0),
    constraint count_task_location_fkey foreign key (location) references location (code)
);

create index count_task_location_idx on count_task (location, id);

create table count_task_line (
    task_id uuid not null,
    number integer not null,
    sku text not null,
    lot text,
    state text not null,
    quantity integer,
    variance integer,
    occurred_at timestamp with time zone,
    counted_by uuid,
    reviewed_by uuid,
    count_id uuid,
    constraint count_task_line_pkey primary key (task_id, number),
    constraint count_task_line_state_known check (
        state in ('assigned', 'pending_review', 'counted')
    ),
    constraint count_task_line_counted_whole check (
        (state = 'assigned') = (quantity is null) and (quantity is null) = (occurred_at is null)
    ),
    constraint count_task_line_sku_fkey foreign key (sku) references sku (code)
);

-- Shortage cases: a place that owes more than it has, until somebody closes the case.

create table shortage (
    id uuid not null,
    sku text not null,
    location text not null,
    missing integer not null,
    opened_at timestamp with time zone not null,
    document_type text not null,
    document_id uuid not null,
    note text,
    closed_at timestamp with time zone,
    closed_by uuid,
    constraint shortage_pkey primary key (id),
    constraint shortage_missing_positive check (missing > 0),
    constraint shortage_closed_whole check ((closed_at is null) = (closed_by is null))
);

create unique index shortage_open_key on shortage (sku, location) where closed_at is null;

create index shortage_location_idx on shortage (location, id);

-- What owed more than it had before there were cases gets one.
insert into shortage (id, sku, location, missing, opened_at, document_type, document_id)
select
    gen_random_uuid() as id,
    sku,
    location,
    allocated - on_hand as missing,
    now() as opened_at,
    'migration' as document_type,
    gen_random_uuid() as document_id
from stock_level
where allocated > on_hand;

update stock_level
set shortage_id = shortage.id
from shortage
where stock_level.sku = shortage.sku and stock_level.location = shortage.location;

-- What an order line was made of when it was placed, and when goods on order are promised for.

alter table order_line add column components jsonb;

alter table order_line add column promised_at timestamp with time zone;
