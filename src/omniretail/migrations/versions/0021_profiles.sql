-- Merges of customers, each with a trail of what it moved, so that it can be undone; segments; and indexes
-- by which a person's documents are found, the latest first.

create table customer_merge (
    id uuid not null,
    source_id uuid not null,
    target_id uuid not null,
    reason text,
    merged_at timestamptz not null,
    merged_by uuid not null,
    undone_at timestamptz,
    undone_by uuid,
    constraint customer_merge_pkey primary key (id),
    constraint customer_merge_of_two check (source_id <> target_id),
    constraint customer_merge_undone_by_somebody check ((undone_at is null) = (undone_by is null))
);

create index customer_merge_source_idx on customer_merge (source_id, id);

create index customer_merge_target_idx on customer_merge (target_id, id);

create table customer_merge_item (
    merge_id uuid not null,
    kind text not null,
    key text not null,
    was text,
    constraint customer_merge_item_pkey primary key (merge_id, kind, key),
    constraint customer_merge_item_kind_known check (
        kind in (
            'identity', 'consent', 'note', 'customer', 'cart', 'order', 'return', 'claim',
            'usage', 'credit', 'membership', 'points'
        )
    )
);

create table segment (
    code text not null,
    name text not null,
    rule jsonb not null,
    updated_at timestamptz not null,
    constraint segment_pkey primary key (code)
);

create index sales_order_person_idx on sales_order (customer, placed_at, id) where customer is not null;

create index cart_person_idx on cart (customer, created_at, id) where customer is not null;

create index sales_return_person_idx on sales_return (customer, requested_at, id) where customer is not null;

create index claim_person_idx on claim (customer, opened_at, id) where customer is not null;

create index usage_person_idx on usage (customer) where customer is not null;

create index payment_account_person_idx on payment_account (customer) where customer is not null;

create index loyalty_entry_account_time_idx on loyalty_entry (account_id, occurred_at);

create index loyalty_hold_placed_idx on loyalty_hold (account_id, placed_at, id);
