-- Carts: what a customer has put together, in any channel.

create table cart (
    id uuid not null,
    code text not null,
    channel text not null,
    currency text not null,
    customer text,
    customer_groups text[] not null,
    region text,
    state text not null,
    order_id uuid,
    merged_into uuid,
    hold_ids uuid[] not null,
    hold_seconds integer,
    lines jsonb not null,
    coupons text[] not null,
    shipping jsonb,
    note text,
    version integer not null,
    created_by uuid not null,
    created_at timestamp with time zone not null,
    updated_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    constraint cart_pkey primary key (id),
    constraint cart_code_key unique (code),
    constraint cart_state_known check (state in ('open', 'converted', 'merged', 'abandoned')),
    constraint cart_order_of_converted check ((state = 'converted') = (order_id is not null)),
    constraint cart_target_of_merged check ((state = 'merged') = (merged_into is not null)),
    constraint cart_merged_into_another check (merged_into <> id),
    constraint cart_hold_seconds_positive check (hold_seconds > 0),
    constraint cart_channel_fkey foreign key (channel) references channel (code)
);

create index cart_customer_idx on cart (customer, id) where state = 'open';

create index cart_expires_at_idx on cart (expires_at) where state = 'open';
