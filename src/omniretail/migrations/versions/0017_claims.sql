-- Claims: units that were damaged, missing or wrong, paid back or replaced. They claim their units on the
-- order as returns do; where goods come back, a return is opened for them.

create table claim (
    id uuid not null,
    number text not null,
    order_id uuid not null,
    channel text,
    customer text,
    currency text not null,
    wish text not null,
    opened_at timestamptz not null,
    opened_by uuid not null,
    approved_at timestamptz,
    approved_by uuid,
    goods_back boolean,
    denied_at timestamptz,
    denied_by uuid,
    denial_reason text,
    resolved_at timestamptz,
    resolved_by uuid,
    resolution text,
    refund jsonb,
    fulfillment_id uuid,
    return_id uuid,
    override jsonb,
    note text,
    version integer not null,
    recorded_at timestamptz not null,
    idempotency_key text not null,
    constraint claim_pkey primary key (id),
    constraint claim_number_key unique (number),
    constraint claim_wish_known check (wish in ('refund', 'replacement')),
    constraint claim_resolution_known check (resolution in ('refund', 'replacement')),
    constraint claim_approved_by_somebody check (
        (approved_at is null) = (approved_by is null)
        and (approved_at is null) = (goods_back is null)
    ),
    constraint claim_denied_by_somebody check (
        (denied_at is null) = (denied_by is null)
        and (denied_at is null) = (denial_reason is null)
    ),
    constraint claim_resolved_by_somebody check (
        (resolved_at is null) = (resolved_by is null)
        and (resolved_at is null) = (resolution is null)
        and (resolved_at is null or (approved_at is not null and denied_at is null))
    ),
    constraint claim_resolved_one_way check (
        (refund is not null) = coalesce(resolution = 'refund', false)
        and (fulfillment_id is not null) = coalesce(resolution = 'replacement', false)
        and (return_id is not null) = (resolution is not null and coalesce(goods_back, false))
    )
);

create index claim_order_idx on claim (order_id, id);

create index claim_standing_idx on claim (id) where resolved_at is null and denied_at is null;

create table claim_line (
    claim_id uuid not null,
    number integer not null,
    order_line integer not null,
    sku text not null,
    components jsonb,
    quantity integer not null,
    kind text not null,
    note text,
    worth_minor bigint not null,
    worth_tax_minor bigint not null,
    replaced_by integer,
    constraint claim_line_pkey primary key (claim_id, number),
    constraint claim_line_quantity_positive check (quantity > 0),
    constraint claim_line_kind_known check (kind in ('damaged', 'missing', 'wrong')),
    constraint claim_line_worth_not_negative check (worth_minor >= 0 and worth_tax_minor >= 0)
);

alter table account_entry add column claim_id uuid;

-- An entry of what pays an order names the tender; one of a return or of a claim names that instead.

alter table account_entry drop constraint account_entry_names_tender;

alter table account_entry add constraint account_entry_names_tender check (
    (order_id is null) = (tender_number is null)
    and (order_id is not null or type not in ('held', 'committed', 'voided'))
    and (coalesce(order_id, return_id, claim_id) is not null or type <> 'refunded')
);

alter table account_entry add constraint account_entry_names_claim check (
    claim_id is null or (order_id is null and return_id is null and type in ('issued', 'refunded'))
);
