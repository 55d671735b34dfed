-- Gift cards and store credit: accounts whose balances are the sums of their entries. Of a gift card's code
-- only a hash is kept.

create table payment_account (
    id uuid not null,
    kind text not null,
    code_hash bytea,
    last4 text,
    customer text,
    currency text not null,
    balance_minor bigint not null,
    held_minor bigint not null,
    status text not null,
    expires_at timestamp with time zone,
    created_at timestamp with time zone not null,
    version integer not null,
    constraint payment_account_pkey primary key (id),
    constraint payment_account_code_hash_key unique (code_hash)
)
with (fillfactor = 50);

alter table payment_account
add constraint payment_account_kind_known check (kind in ('gift_card', 'store_credit'));

alter table payment_account
add constraint payment_account_gift_card_has_code check (
    (kind = 'gift_card') = (code_hash is not null) and (code_hash is null) = (last4 is null)
);

alter table payment_account
add constraint payment_account_status_known check (status in ('active', 'blocked'));

alter table payment_account
add constraint payment_account_balance_not_negative check (balance_minor >= 0);

alter table payment_account
add constraint payment_account_held_within_balance check (held_minor between 0 and balance_minor);

create table account_entry (
    account_id uuid not null,
    sequence integer not null,
    type text not null,
    balance_change_minor bigint not null,
    held_change_minor bigint not null,
    order_id uuid,
    tender_number integer,
    reason text,
    occurred_at timestamp with time zone not null,
    recorded_at timestamp with time zone not null,
    actor_id uuid not null,
    idempotency_key text,
    constraint account_entry_pkey primary key (account_id, sequence)
);

alter table account_entry
add constraint account_entry_changes_of_type check (
    case type
        when 'issued' then balance_change_minor >= 0 and held_change_minor = 0
        when 'held' then balance_change_minor = 0 and held_change_minor > 0
        when 'committed' then balance_change_minor < 0 and held_change_minor = balance_change_minor
        when 'voided' then balance_change_minor = 0 and held_change_minor < 0
        when 'refunded' then balance_change_minor > 0 and held_change_minor = 0
        when 'adjusted' then balance_change_minor <> 0 and held_change_minor = 0
        when 'blocked' then balance_change_minor = 0 and held_change_minor = 0
        when 'unblocked' then balance_change_minor = 0 and held_change_minor = 0
        else false
    end
);

alter table account_entry
add constraint account_entry_names_tender check (
    (order_id is null) = (tender_number is null)
    and (order_id is not null or type not in ('held', 'committed', 'voided', 'refunded'))
);

alter table account_entry
add constraint account_entry_explained check (
    reason is not null or type not in ('adjusted', 'blocked', 'unblocked')
);

-- Payments by card and wallet: written before their providers are asked, used by at most one order.

create table payment (
    id uuid not null,
    channel text not null,
    principal_id uuid not null,
    cart_id uuid,
    type text not null,
    amount_minor bigint not null,
    currency text not null,
    method text not null,
    state text not null,
    provider text not null,
    provider_reference text,
    decline_code text,
    order_id uuid,
    tender_number integer,
    created_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    leased_until timestamp with time zone,
    attempts integer not null,
    idempotency_key text not null,
    request_hash bytea not null,
    constraint payment_pkey primary key (id),
    constraint payment_idempotency_key_key unique (principal_id, idempotency_key)
);

alter table payment
add constraint payment_type_known check (type in ('card', 'ewallet'));

alter table payment
add constraint payment_state_known check (state in ('pending', 'authorized', 'declined', 'voided', 'used'));

alter table payment
add constraint payment_amount_positive check (amount_minor > 0);

alter table payment
add constraint payment_pending_leased check ((state = 'pending') = (leased_until is not null));

alter table payment
add constraint payment_authorized_referenced check (
    (state in ('pending', 'declined')) = (provider_reference is null)
);

alter table payment
add constraint payment_declined_explained check (state <> 'declined' or decline_code is not null);

alter table payment
add constraint payment_used_by_tender check (
    (state = 'used') = (order_id is not null) and (order_id is null) = (tender_number is null)
);

create index payment_pending_idx on payment (leased_until) where state = 'pending';

create index payment_unused_idx on payment (expires_at) where state = 'authorized';

create index payment_order_idx on payment (order_id) where order_id is not null;

-- What providers still have to do, did, or declined.

create table payment_operation (
    id uuid not null,
    payment_id uuid not null,
    order_id uuid,
    tender_number integer,
    kind text not null,
    amount_minor bigint not null,
    state text not null,
    attempts integer not null,
    due_at timestamp with time zone not null,
    leased_until timestamp with time zone,
    provider_reference text,
    failure text,
    created_at timestamp with time zone not null,
    done_at timestamp with time zone,
    constraint payment_operation_pkey primary key (id)
);

alter table payment_operation
add constraint payment_operation_kind_known check (kind in ('capture', 'void', 'refund'));

alter table payment_operation
add constraint payment_operation_state_known check (state in ('due', 'done', 'failed'));

alter table payment_operation
add constraint payment_operation_amount_positive check (amount_minor > 0);

alter table payment_operation
add constraint payment_operation_names_tender check ((order_id is null) = (tender_number is null));

alter table payment_operation
add constraint payment_operation_ended check (
    (state = 'due') = (done_at is null)
    and (state = 'failed') = (failure is not null)
    and (state = 'done') = (provider_reference is not null)
);

create index payment_operation_due_idx on payment_operation (due_at) where state = 'due';

create index payment_operation_payment_idx on payment_operation (payment_id, id);

create index payment_operation_order_idx on payment_operation (order_id) where order_id is not null;

-- What the sandbox, a provider for trials, did and declined. It is no part of the books.

create table sandbox_charge (
    id uuid not null,
    payment_id uuid not null,
    kind text not null,
    amount_minor bigint not null,
    currency text not null,
    method text not null,
    decline_code text,
    asked integer not null,
    constraint sandbox_charge_pkey primary key (id)
);

alter table sandbox_charge
add constraint sandbox_charge_kind_known check (kind in ('authorization', 'capture', 'void', 'refund'));

create index sandbox_charge_payment_idx on sandbox_charge (payment_id);

-- Who sells may have cards authorized, as new keys may.
update api_key
set scopes = scopes || array['payments:read', 'payments:write']
where
    'orders:write' = any(scopes)
    and not scopes && array['payments:read', 'payments:write'];
