-- Loyalty accounts: their lots and entries, holds, and what each order earned and spent.

create table loyalty_account (
    id uuid constraint loyalty_account_pkey primary key,
    version integer not null,
    status text not null,
    merged_into uuid,
    lots_points bigint not null,
    debt_points bigint not null,
    active_points bigint not null,
    pending_points bigint not null,
    steady_until timestamptz,
    tier text,
    tier_until timestamptz,
    opened_at timestamptz not null,
    opened_by uuid not null
) with (fillfactor = 50);

alter table loyalty_account
add constraint loyalty_account_status_known check (
    status in ('open', 'merged')
);
alter table loyalty_account
add constraint loyalty_account_merged_names_target check (
    (status = 'merged') = (merged_into is not null)
);
alter table loyalty_account
add constraint loyalty_account_points_not_negative check (
    lots_points >= 0 and debt_points >= 0 and active_points >= 0 and pending_points >= 0
);
alter table loyalty_account
add constraint loyalty_account_states_within_lots check (
    active_points + pending_points <= lots_points
);

create index loyalty_account_steady_idx on loyalty_account (steady_until) where steady_until is not null;
create index loyalty_account_merged_idx on loyalty_account (merged_into) where merged_into is not null;
create index loyalty_account_tier_idx on loyalty_account (tier_until)
where tier_until is not null and status = 'open';

create table loyalty_member (
    customer_id uuid constraint loyalty_member_pkey primary key,
    account_id uuid not null,
    joined_at timestamptz not null,
    joined_by uuid not null
);

create index loyalty_member_account_idx on loyalty_member (account_id);

create table loyalty_lot (
    id uuid constraint loyalty_lot_pkey primary key,
    account_id uuid not null,
    kind text not null,
    order_id uuid,
    origin_id uuid,
    gift_id uuid,
    quantity bigint not null,
    remaining bigint not null,
    held bigint not null,
    expired bigint not null,
    absorbed bigint not null,
    earned_at timestamptz not null,
    available_at timestamptz,
    expires_at timestamptz,
    in_review boolean not null
) with (fillfactor = 70);

alter table loyalty_lot
add constraint loyalty_lot_kind_known check (
    kind in ('earned', 'restored', 'adjusted', 'gift')
);
alter table loyalty_lot
add constraint loyalty_lot_remaining_within_quantity check (
    quantity > 0 and remaining between 0 and quantity
);
alter table loyalty_lot
add constraint loyalty_lot_held_within_remaining check (
    held between 0 and remaining
);
alter table loyalty_lot
add constraint loyalty_lot_absorbed_within_expired check (
    expired >= 0 and absorbed between 0 and expired
);
alter table loyalty_lot
add constraint loyalty_lot_expires_after_available check (
    expires_at is null or available_at is not null
);

create index loyalty_lot_spending_idx on loyalty_lot (account_id, expires_at, earned_at, id)
where remaining > 0;
create index loyalty_lot_order_idx on loyalty_lot (order_id) where order_id is not null;
create index loyalty_lot_account_idx on loyalty_lot (account_id, id);
create index loyalty_lot_live_idx on loyalty_lot (account_id, id) where remaining > 0;
create index loyalty_lot_expiry_idx on loyalty_lot (expires_at) where remaining > 0;
create index loyalty_lot_gift_idx on loyalty_lot (gift_id) where gift_id is not null;

create table loyalty_entry (
    account_id uuid not null,
    sequence integer not null,
    type text not null,
    points bigint not null,
    lot_id uuid,
    lot_change bigint not null,
    debt_change bigint not null,
    order_id uuid,
    tender_number integer,
    other_account_id uuid,
    reason text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    actor_id uuid not null,
    idempotency_key text,
    constraint loyalty_entry_pkey primary key (account_id, sequence)
);

alter table loyalty_entry
add constraint loyalty_entry_changes_of_type check (
    points > 0 and (lot_id is not null or lot_change = 0) and case type
        when 'earned'
            then
                lot_change = points and debt_change = 0
        when 'repaid'
            then
                lot_change = -points
                and debt_change = -points
        when 'spent' then lot_change = -points and debt_change = 0
        when 'restored' then lot_change = points and debt_change = 0
        when 'reversed' then lot_change - debt_change = -points and lot_change * debt_change = 0
        when 'absorbed'
            then
                lot_change = 0 and debt_change = 0
        when 'expired'
            then
                lot_change = -points
                and debt_change = 0
        when 'adjusted' then abs(lot_change) = points and debt_change = 0
        when 'gifted' then abs(lot_change) = points and debt_change = 0
        when 'moved' then abs(lot_change) + abs(debt_change) = points else false
    end
);
alter table loyalty_entry
add constraint loyalty_entry_names_other check (
    (other_account_id is not null) = (type in ('gifted', 'moved'))
);
alter table loyalty_entry
add constraint loyalty_entry_explained check (
    reason is not null or type <> 'adjusted'
);

create index loyalty_entry_order_idx on loyalty_entry (order_id) where order_id is not null;
create index loyalty_entry_time_idx on loyalty_entry (occurred_at);

create table loyalty_hold (
    id uuid constraint loyalty_hold_pkey primary key,
    account_id uuid not null,
    points bigint not null,
    state text not null,
    placed_at timestamptz not null,
    expires_at timestamptz not null,
    closed_at timestamptz,
    order_id uuid,
    channel text,
    location text,
    actor_id uuid not null
);

alter table loyalty_hold
add constraint loyalty_hold_state_known check (
    points > 0 and state in ('held', 'committed', 'voided', 'lapsed')
);
alter table loyalty_hold
add constraint loyalty_hold_closed_once check (
    (state = 'held') = (closed_at is null) and (state = 'committed') = (order_id is not null)
);

create index loyalty_hold_open_idx on loyalty_hold (account_id) where state = 'held';
create index loyalty_hold_account_idx on loyalty_hold (account_id, id);

create table loyalty_hold_lot (
    hold_id uuid not null,
    lot_id uuid not null,
    points bigint not null,
    constraint loyalty_hold_lot_pkey primary key (hold_id, lot_id),
    constraint loyalty_hold_lot_points_positive check (points > 0)
);

create index loyalty_hold_lot_lot_idx on loyalty_hold_lot (lot_id);

create table loyalty_order (
    order_id uuid constraint loyalty_order_pkey primary key,
    account_id uuid not null,
    parts jsonb not null,
    earned_points bigint not null,
    reversed_points bigint not null,
    forgiven_points bigint not null,
    qualifying_points bigint not null,
    spent_points bigint not null,
    restored_points bigint not null,
    day date not null
);

alter table loyalty_order
add constraint loyalty_order_reversed_within_earned check (
    reversed_points between 0 and earned_points and forgiven_points between 0 and reversed_points
    and qualifying_points >= 0
);
alter table loyalty_order
add constraint loyalty_order_restored_within_spent check (
    restored_points between 0 and spent_points
);

create index loyalty_order_account_idx on loyalty_order (account_id);

create table loyalty_spending (
    order_id uuid not null,
    tender_number integer not null,
    position integer not null,
    lot_id uuid not null,
    points bigint not null,
    restored bigint not null,
    constraint loyalty_spending_pkey primary key (order_id, tender_number, position),
    constraint loyalty_spending_restored_within_points check (points > 0 and restored between 0 and points)
);

create table loyalty_day (
    account_id uuid not null,
    day date not null,
    qualifying bigint not null,
    earned bigint not null,
    redemptions integer not null,
    constraint loyalty_day_pkey primary key (account_id, day)
);

create table loyalty_review (
    id uuid constraint loyalty_review_pkey primary key,
    account_id uuid not null,
    lot_id uuid not null,
    order_id uuid,
    why text not null,
    points bigint not null,
    opened_at timestamptz not null,
    decision text,
    closed_at timestamptz,
    closed_by uuid,
    note text
);

alter table loyalty_review
add constraint loyalty_review_why_known check (
    points > 0 and why in ('earned_too_much', 'claimed_late')
);
alter table loyalty_review
add constraint loyalty_review_decided check (
    decision in ('approved', 'denied') and closed_at is not null and closed_by is not null
    or decision is null and closed_at is null and closed_by is null
);

create unique index loyalty_review_lot_key on loyalty_review (lot_id);
create index loyalty_review_open_idx on loyalty_review (id) where decision is null;
create index loyalty_review_account_idx on loyalty_review (account_id);

create table loyalty_gift (
    id uuid constraint loyalty_gift_pkey primary key,
    from_account_id uuid not null,
    to_account_id uuid not null,
    points bigint not null,
    sent_at timestamptz not null,
    available_at timestamptz not null,
    taken_back_at timestamptz,
    actor_id uuid not null,
    constraint loyalty_gift_between_two check (from_account_id <> to_account_id and points > 0)
);

create index loyalty_gift_from_idx on loyalty_gift (from_account_id, id);
create index loyalty_gift_to_idx on loyalty_gift (to_account_id, id);

create table loyalty_merge (
    id uuid constraint loyalty_merge_pkey primary key,
    source_id uuid not null,
    target_id uuid not null,
    lots uuid[] not null,
    members uuid[] not null,
    debt_points bigint not null,
    merged_at timestamptz not null,
    merged_by uuid not null,
    reason text,
    undone_at timestamptz,
    undone_by uuid,
    constraint loyalty_merge_of_two check (source_id <> target_id and debt_points >= 0),
    constraint loyalty_merge_undone_by_somebody check ((undone_at is null) = (undone_by is null))
);

create index loyalty_merge_source_idx on loyalty_merge (source_id);
create index loyalty_merge_target_idx on loyalty_merge (target_id);

alter table sales_order add column loyalty_account uuid;
alter table sales_order add column reward text;
alter table sales_order add column reward_coupon text;
alter table sales_order add column reward_points bigint not null default 0;
alter table sales_order add column reward_minor bigint not null default 0;
alter table sales_order
add constraint sales_order_reward_costs_points check (
    (reward is null) = (reward_points = 0) and (reward is null) = (reward_coupon is null)
    and (reward is null or loyalty_account is not null) and reward_minor >= 0
);

create index sales_order_loyalty_idx on sales_order (loyalty_account, id) where loyalty_account is not null;

alter table tender add column points bigint;
alter table tender drop constraint tender_type_known;
alter table tender
add constraint tender_type_known check (
    type in ('cash', 'card', 'ewallet', 'bank_transfer', 'gift_card', 'store_credit', 'points')
);
alter table tender
add constraint tender_points_named check (
    (type = 'points') = (points is not null) and (points is null or points > 0)
);

alter table return_policy drop constraint return_policy_priority_known;
alter table return_policy
add constraint return_policy_priority_known check (
    priority <@ array['cash', 'card', 'ewallet', 'bank_transfer', 'gift_card', 'store_credit', 'points']
);
