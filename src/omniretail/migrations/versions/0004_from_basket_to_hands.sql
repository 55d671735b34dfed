-- Fulfillments go through states of their own, and know where goods come from and go to.

alter table fulfillment drop constraint fulfillment_kind_known;

alter table fulfillment add constraint fulfillment_kind_known check (
    kind in ('carry_out', 'pickup', 'ship', 'ship_to_store')
);

alter table fulfillment drop constraint fulfillment_state_known;

alter table fulfillment add constraint fulfillment_state_known check (
    state in (
        'allocated', 'picking', 'packed', 'shipped', 'delivered', 'in_transit', 'arrived', 'ready',
        'handed_over', 'no_show', 'rejected', 'cancelled'
    )
);

alter table fulfillment add column source text;

alter table fulfillment add column destination text;

alter table fulfillment add column attempt integer not null default 1;

alter table fulfillment add column holds jsonb;

alter table fulfillment add column pickup jsonb;

alter table fulfillment add column collect_by timestamp with time zone;

alter table fulfillment add column remind_at timestamp with time zone;

alter table fulfillment add constraint fulfillment_store_named check (
    (kind = 'ship_to_store') = (destination is not null)
    and (kind = 'ship_to_store') = (source is not null)
);

create index fulfillment_destination_idx on fulfillment (
    destination, state, id
) where destination is not null;

create index fulfillment_held_up_idx on fulfillment (location, id) where holds is not null;

create index fulfillment_collect_by_idx on fulfillment (collect_by) where state = 'ready';

create index fulfillment_remind_at_idx on fulfillment (remind_at) where remind_at is not null;

-- A line that several locations serve is divided: each part with its exact share.

alter table order_line add column part_of integer;

-- What left as one, on the way to the customer.

create table parcel (
    id uuid not null,
    order_id uuid not null,
    fulfillment_id uuid not null,
    number integer not null,
    carrier text,
    tracking_number text,
    tracking_url text,
    lines jsonb not null,
    shipped_at timestamp with time zone not null,
    delivered_at timestamp with time zone,
    constraint parcel_pkey primary key (id),
    constraint parcel_number_key unique (order_id, number)
);

-- What was shipped before left as one parcel of each fulfillment, as far as anybody knows.
insert into parcel (id, order_id, fulfillment_id, number, lines, shipped_at)
select
    fulfillment.id,
    fulfillment.order_id,
    fulfillment.id as fulfillment_id,
    row_number() over (partition by fulfillment.order_id order by fulfillment.number) as number,
    sent.lines,
    coalesce(
        (
            select max(event.occurred_at)
            from event
            where
                event.document_id = fulfillment.order_id
                and event.type = 'shipped'
                and event.data ->> 'fulfillment' = fulfillment.id::text
        ),
        sales_order.placed_at
    ) as shipped_at
from fulfillment
inner join sales_order on fulfillment.order_id = sales_order.id
cross join
    lateral (
        select jsonb_object_agg(line.line_number, line.fulfilled_quantity) as lines
        from order_line as line
        where
            line.order_id = fulfillment.order_id
            and line.fulfillment_number = fulfillment.number
            and line.fulfilled_quantity > 0
    ) as sent
where fulfillment.kind = 'ship' and sent.lines is not null;

create index parcel_tracking_idx on parcel (tracking_number) where tracking_number is not null;

-- What a location could not serve, and what became of it.

create table rejection (
    id uuid not null,
    order_id uuid not null,
    fulfillment_id uuid not null,
    line_number integer not null,
    sku text not null,
    components jsonb,
    location text not null,
    quantity integer not null,
    reason text not null,
    collateral boolean not null,
    occurred_at timestamp with time zone not null,
    barred_until timestamp with time zone not null,
    actor_id uuid not null,
    constraint rejection_pkey primary key (id),
    constraint rejection_quantity_positive check (quantity > 0),
    constraint rejection_reason_known check (
        reason in ('not_in_stock', 'damaged', 'mismatch', 'no_variance')
    )
);

create index rejection_order_idx on rejection (order_id);

-- What staff must look after, because no rule could.

create table order_exception (
    id uuid not null,
    order_id uuid not null,
    fulfillment_id uuid,
    kind text not null,
    detail jsonb not null,
    opened_at timestamp with time zone not null,
    closed_at timestamp with time zone,
    closed_by uuid,
    note text,
    constraint order_exception_pkey primary key (id),
    constraint order_exception_kind_known check (
        kind in ('not_sourced', 'capture_failed', 'refund_failed', 'void_failed')
    ),
    constraint order_exception_closed_by_somebody check ((closed_at is null) = (closed_by is null))
);

create index order_exception_open_idx on order_exception (id) where closed_at is null;

create index order_exception_order_idx on order_exception (order_id);

-- Tenders of every type, some of them authorized first and captured when the goods leave.

alter table tender drop constraint tender_type_known;

alter table tender add constraint tender_type_known check (
    type in ('cash', 'card', 'ewallet', 'bank_transfer', 'gift_card', 'store_credit')
);

alter table tender add column uncaptured_minor bigint not null default 0;

alter table tender add column voided_minor bigint not null default 0;

alter table tender add column payment_id uuid;

alter table tender add column account_id uuid;

alter table tender add constraint tender_parts_within_amount check (
    uncaptured_minor >= 0 and voided_minor >= 0 and uncaptured_minor + voided_minor <= amount_minor
);

alter table tender add constraint tender_account_named check (
    (type in ('gift_card', 'store_credit')) = (account_id is not null)
);

create table capture (
    order_id uuid not null,
    tender_number integer not null,
    event_sequence integer not null,
    captured_minor bigint not null,
    voided_minor bigint not null,
    recorded_at timestamp with time zone not null,
    constraint capture_pkey primary key (order_id, tender_number, event_sequence),
    constraint capture_says_something check (captured_minor <> 0 or voided_minor <> 0)
);

-- What an edit took off and paid its own additions with, so that it went back to no tender.

alter table sales_order add column exchanged_minor bigint not null default 0;

alter table sales_order add column ship_to jsonb;

alter table sales_order add column cart_id uuid;

alter table sales_order add constraint sales_order_exchanged_not_negative check (exchanged_minor >= 0);

create unique index sales_order_cart_key on sales_order (cart_id) where cart_id is not null;

-- Answers that were given before say by their fulfillments' lines what is a field now.
update idempotency_key
set
    answer = jsonb_set(
        idempotency_key.answer::jsonb,
        '{fulfillments}',
        (
            select
                jsonb_agg(
                    parts.part || jsonb_build_object(
                        'state',
                        case
                            when said.is_open then 'allocated'
                            when not said.is_fulfilled then 'cancelled'
                            when parts.part ->> 'kind' = 'ship' then 'shipped'
                            else 'handed_over'
                        end
                    )
                    order by parts.place
                )
            from
                jsonb_array_elements(idempotency_key.answer::jsonb -> 'fulfillments')
                with ordinality as parts (part, place)
            cross join
                lateral (
                    select
                        bool_or(
                            (lines.line ->> 'quantity')::integer
                            > coalesce((lines.line ->> 'fulfilled_quantity')::integer, 0)
                            + coalesce((lines.line ->> 'cancelled_quantity')::integer, 0)
                        ) as is_open,
                        bool_or(coalesce((lines.line ->> 'fulfilled_quantity')::integer, 0) > 0)
                            as is_fulfilled
                    from jsonb_array_elements(parts.part -> 'lines') as lines (line)
                ) as said
        )
    )::text
where jsonb_typeof(idempotency_key.answer::jsonb -> 'fulfillments') = 'array';

-- Who places orders may edit them, as new keys may.
update api_key
set scopes = scopes || array['orders:edit']
where
    'orders:write' = any(scopes)
    and not scopes && array['orders:edit'];
