-- What is taken back of a channel's orders, for how long, and to which tenders its money goes; a channel
-- without a row goes by the defaults. Days by category, and refund tenders by purchase tender, are objects.

create table return_policy (
    channel text not null,
    window_days integer not null,
    window_days_by_category jsonb not null,
    refund_by text not null,
    priority text[] not null,
    refund_methods jsonb not null,
    approval text not null,
    refund_shipping boolean not null,
    claims_keep_goods boolean not null,
    claim_days integer not null,
    unlinked_limit integer not null,
    unlinked_days integer not null,
    unlinked_price_days integer not null,
    version integer not null,
    updated_at timestamp with time zone not null,
    constraint return_policy_pkey primary key (channel),
    constraint return_policy_channel_fkey foreign key (channel) references channel (code),
    constraint return_policy_window_not_negative check (window_days >= 0),
    constraint return_policy_windows_by_category check (
        jsonb_typeof(window_days_by_category) = 'object'
    ),
    constraint return_policy_refund_by_known check (refund_by in ('original_shares', 'priority')),
    constraint return_policy_priority_known check (
        priority <@ array['cash', 'card', 'ewallet', 'bank_transfer', 'gift_card', 'store_credit']
    ),
    constraint return_policy_methods_by_tender check (jsonb_typeof(refund_methods) = 'object'),
    constraint return_policy_approval_known check (approval in ('staff', 'automatic')),
    constraint return_policy_claim_days_positive check (claim_days > 0),
    constraint return_policy_unlinked_not_negative check (
        unlinked_limit >= 0 and unlinked_days > 0 and unlinked_price_days > 0
    )
);

-- Exactly half a minor unit may go toward zero.

alter table currency drop constraint currency_rounding_known;

alter table currency add constraint currency_rounding_known check (
    rounding in ('half_up', 'half_down', 'half_even')
);

alter table sales_order drop constraint sales_order_rounding_known;

alter table sales_order add constraint sales_order_rounding_known check (
    rounding in ('half_up', 'half_down', 'half_even')
);

-- Who sees orders may see what is taken back of them, as new keys may.

update api_key
set scopes = scopes || array['returns:read']
where 'orders:read' = any(scopes) and not scopes && array['returns:read'];
