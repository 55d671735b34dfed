-- What came back of each line, and was paid back for it.

alter table order_line
add column returned_quantity integer not null default 0,
add column received_quantity integer not null default 0,
add column refunded_quantity integer not null default 0;

alter table order_line
add constraint order_line_returns_within_fulfilled check (
    returned_quantity between 0 and fulfilled_quantity
    and received_quantity between 0 and returned_quantity
    and refunded_quantity between 0 and returned_quantity
);

alter table sales_order add column shipping_kept boolean not null default false;

-- Money goes back to the tender itself or another way; what a provider declined to give back is owed.

alter table refund drop constraint refund_amount_not_negative;

alter table refund add column method text;

alter table refund
add constraint refund_method_known check (method in ('cash', 'store_credit', 'bank_transfer'));

alter table refund
add constraint refund_taken_back_is_the_tenders_own check (amount_minor >= 0 or method is null);

alter table tender add column owed_minor bigint not null default 0;

alter table tender add constraint tender_owed_not_negative check (owed_minor >= 0);

-- Refunds that were declined so far: those whose exception somebody closed were paid another way.

with declined as (
    select
        operation.order_id,
        operation.tender_number,
        event.sequence,
        operation.amount_minor,
        event.recorded_at,
        exists(
            select 1
            from order_exception
            where
                order_exception.order_id = operation.order_id
                and order_exception.detail ->> 'operation' = operation.id::text
                and order_exception.closed_at is not null
        ) as paid_otherwise
    from payment_operation as operation
    inner join event
        on
            operation.order_id = event.document_id
            and event.type = 'refund_failed'
            and event.data ->> 'operation' = operation.id::text
    where
        operation.kind = 'refund'
        and operation.state = 'failed'
        and operation.told_at is not null
        and not exists (
            select 1
            from payment_operation as capture
            where
                capture.payment_id = operation.payment_id
                and capture.kind = 'capture'
                and capture.state = 'failed'
        )
),

taken_back as (
    insert into refund (order_id, tender_number, event_sequence, amount_minor, rounding_minor, recorded_at)
    select
        declined.order_id,
        declined.tender_number,
        declined.sequence,
        -declined.amount_minor as amount_minor,
        0 as rounding_minor,
        declined.recorded_at
    from declined
    where not declined.paid_otherwise
),

owed as (
    select
        declined.order_id,
        declined.tender_number,
        sum(declined.amount_minor) as amount_minor
    from declined
    where not declined.paid_otherwise
    group by declined.order_id, declined.tender_number
)

update tender
set owed_minor = owed.amount_minor
from owed
where tender.order_id = owed.order_id and tender.number = owed.tender_number;

update refund
set method = 'bank_transfer'
from payment_operation as operation
inner join order_exception
    on
        operation.order_id = order_exception.order_id
        and order_exception.detail ->> 'operation' = operation.id::text
where
    order_exception.kind = 'refund_failed'
    and order_exception.closed_at is not null
    and refund.order_id = operation.order_id
    and refund.tender_number = operation.tender_number
    and refund.amount_minor = operation.amount_minor;

-- Documents of goods that come back: of an order, or (none) without a receipt.

create table sales_return (
    id uuid not null,
    number text not null,
    kind text not null,
    order_id uuid,
    channel text,
    location text,
    customer text,
    currency text not null,
    requested_at timestamp with time zone not null,
    requested_by uuid not null,
    approved_at timestamp with time zone,
    approved_by uuid,
    cancelled_at timestamp with time zone,
    note text,
    override jsonb,
    refunds jsonb,
    account_id uuid,
    exchange jsonb,
    version integer not null,
    recorded_at timestamp with time zone not null,
    idempotency_key text not null,
    constraint sales_return_pkey primary key (id),
    constraint sales_return_number_key unique (number),
    constraint sales_return_kind_known check (kind in ('return', 'exchange', 'unlinked')),
    constraint sales_return_order_named check ((kind = 'unlinked') = (order_id is null)),
    constraint sales_return_approved_by_somebody check ((approved_at is null) = (approved_by is null))
);

create index sales_return_order_idx on sales_return (order_id, id);

create index sales_return_location_idx on sales_return (location, id);

create index sales_return_unlinked_idx on sales_return (customer, id) where kind = 'unlinked';

create table return_line (
    return_id uuid not null,
    number integer not null,
    order_line integer,
    sku text not null,
    components jsonb,
    quantity integer not null,
    reason text not null,
    received_quantity integer not null,
    refunded_quantity integer not null,
    cancelled_quantity integer not null,
    refunded_minor bigint not null,
    refunded_tax_minor bigint not null,
    unit_minor bigint,
    constraint return_line_pkey primary key (return_id, number),
    constraint return_line_quantity_positive check (quantity > 0),
    constraint return_line_progress_within_quantity check (
        received_quantity >= 0
        and refunded_quantity >= 0
        and cancelled_quantity >= 0
        and received_quantity + cancelled_quantity <= quantity
        and refunded_quantity + cancelled_quantity <= quantity
    ),
    constraint return_line_refund_not_negative check (refunded_minor >= 0 and refunded_tax_minor >= 0)
);

-- What goods that came back were graded as, and graded again: each time a row, each time a movement.

create table return_grading (
    id uuid not null,
    return_id uuid not null,
    line_number integer not null,
    location text not null,
    from_disposition text,
    to_disposition text not null,
    quantity integer not null,
    reason text,
    occurred_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    actor_id uuid not null,
    constraint return_grading_pkey primary key (id),
    constraint return_grading_quantity_positive check (quantity > 0),
    constraint return_grading_disposition_known check (
        to_disposition in ('sellable', 'damaged', 'quality_control', 'to_vendor', 'destroyed')
        and from_disposition in ('sellable', 'damaged', 'quality_control', 'to_vendor', 'destroyed')
        and from_disposition <> to_disposition
    )
);

create index return_grading_return_idx on return_grading (return_id, line_number);
