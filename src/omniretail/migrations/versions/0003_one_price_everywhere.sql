-- Master data: what prices ask of SKUs, places and channels.

alter table sku add column categories text[] not null default '{}';

alter table location add column region text;

alter table channel add column region text;

-- Price lists: for whom, when, before which others.

alter table price_list drop constraint price_list_currency_key;

alter table price_list add column priority integer not null default 0;

alter table price_list add column tax_included boolean not null default true;

alter table price_list add column customer text;

alter table price_list add column customer_group text;

alter table price_list add column location text;

alter table price_list add column region text;

alter table price_list add column channel text;

alter table price_list add column time_zone text not null default 'UTC';

alter table price_list add column valid_from timestamp with time zone;

alter table price_list add column valid_until timestamp with time zone;

alter table price_list add column override_reason text;

alter table price_list add column book_version bigint not null default 0;

alter table price_list add constraint price_list_valid_from_before_until check (valid_from < valid_until);

-- What lets one customer pay different prices in different places says why, and until when.
alter table price_list add constraint price_list_override_explained check (
    (channel is null and location is null)
    or (override_reason is not null and valid_until is not null)
);

alter table price_list add constraint price_list_location_fkey foreign key (location) references location (
    code
);

alter table price_list add constraint price_list_channel_fkey foreign key (channel) references channel (code);

alter table price add column tiers jsonb;

-- Every price that was ever set, as it was set: the history from which the lowest one is found.

create table price_change (
    price_list text not null,
    sku text not null,
    valid_from timestamp with time zone not null,
    book_version bigint not null,
    amount_minor bigint,
    tiers jsonb,
    recorded_at timestamp with time zone not null,
    constraint price_change_pkey primary key (price_list, sku, book_version, valid_from)
);

insert into price_change (
    price_list, sku, valid_from, book_version, amount_minor, recorded_at
)
select
    price.price_list,
    price.sku,
    price.valid_from,
    price.book_version,
    price.amount_minor,
    price.recorded_at
from price;

-- Every price list and promotion as it was stated: a price that was charged followed from them, too.

create table book_change (
    kind text not null,
    code text not null,
    book_version bigint not null,
    document jsonb not null,
    recorded_at timestamp with time zone not null,
    constraint book_change_pkey primary key (kind, code, book_version),
    constraint book_change_kind_known check (kind in ('price_list', 'promotion'))
);

insert into book_change (kind, code, book_version, document, recorded_at)
select
    'price_list' as kind,
    price_list.code,
    price_list.book_version,
    jsonb_build_object(
        'code', price_list.code, 'name', price_list.name, 'currency', price_list.currency
    ) as document,
    price_list.updated_at
from price_list;

-- Promotions, the coupons that unlock them, taxes, and how currencies are kept.

create table promotion (
    code text not null,
    document jsonb not null,
    book_version bigint not null,
    updated_at timestamp with time zone not null,
    constraint promotion_pkey primary key (code),
    constraint promotion_override_explained check (
        not (jsonb_exists(document, 'channels') or jsonb_exists(document, 'locations'))
        or (jsonb_exists(document, 'override_reason') and jsonb_exists(document, 'valid_until'))
    )
);

create table coupon (
    code text not null,
    promotion text not null,
    document jsonb not null,
    book_version bigint not null,
    updated_at timestamp with time zone not null,
    constraint coupon_pkey primary key (code),
    constraint coupon_promotion_fkey foreign key (promotion) references promotion (code)
);

create index coupon_book_version_idx on coupon (book_version);

create table tax_rate (
    tax_class text not null,
    region text not null,
    valid_from timestamp with time zone not null,
    rate_ppm integer not null,
    book_version bigint not null,
    recorded_at timestamp with time zone not null,
    constraint tax_rate_pkey primary key (tax_class, region, valid_from),
    constraint tax_rate_within_bounds check (rate_ppm between 0 and 1000000)
);

create table currency (
    code text not null,
    exponent integer not null,
    cash_step_minor bigint not null,
    rounding text not null,
    tax_per text not null,
    book_version bigint not null,
    updated_at timestamp with time zone not null,
    constraint currency_pkey primary key (code),
    constraint currency_exponent_within_bounds check (exponent between 0 and 6),
    constraint currency_cash_step_positive check (cash_step_minor > 0),
    constraint currency_rounding_known check (rounding in ('half_up', 'half_even')),
    constraint currency_tax_per_known check (tax_per in ('line', 'unit'))
);

-- The keys that quotes are signed with; the newest that is not retired signs.

create table signing_key (
    id text not null,
    private_key bytea not null,
    public_key bytea not null,
    book_version bigint not null,
    created_at timestamp with time zone not null,
    retired_at timestamp with time zone,
    constraint signing_key_pkey primary key (id)
);

-- How often a coupon or a promotion with a limit was used, and each use: claimed at a checkout for a
-- time, used by an order, freed again.

create table usage_count (
    kind text not null,
    code text not null,
    used integer not null,
    constraint usage_count_pkey primary key (kind, code),
    constraint usage_count_kind_known check (kind in ('coupon', 'promotion')),
    constraint usage_count_not_negative check (used >= 0)
)
with (fillfactor = 50);

create table usage (
    id uuid not null,
    kind text not null,
    code text not null,
    customer text,
    state text not null,
    order_id uuid,
    claimed_by uuid,
    expires_at timestamp with time zone,
    recorded_at timestamp with time zone not null,
    ended_at timestamp with time zone,
    constraint usage_pkey primary key (id),
    constraint usage_kind_known check (kind in ('coupon', 'promotion')),
    constraint usage_state_known check (state in ('claimed', 'used', 'freed')),
    constraint usage_claim_expires check (state <> 'claimed' or expires_at is not null),
    constraint usage_used_by_order check (state <> 'used' or order_id is not null)
);

create index usage_claimed_idx on usage (kind, code, expires_at) where state = 'claimed';

create index usage_customer_idx on usage (kind, code, customer)
where customer is not null and state <> 'freed';

create index usage_order_idx on usage (order_id) where order_id is not null;

create index usage_expires_at_idx on usage (expires_at) where order_id is null;

-- Orders: what each line was discounted and taxed, what shipping cost, how cash was rounded.

alter table sales_order add column customer text;

alter table sales_order add column customer_groups text[];

alter table sales_order add column region text;

alter table sales_order add column quote_id uuid;

alter table sales_order add column coupons text[];

alter table sales_order add column rounding text not null default 'half_up';

alter table sales_order add column tax_per text not null default 'line';

alter table sales_order add column shipping jsonb;

alter table sales_order add constraint sales_order_rounding_known check (
    rounding in ('half_up', 'half_even')
);

alter table sales_order add constraint sales_order_tax_per_known check (tax_per in ('line', 'unit'));

alter table order_line add column price_list text;

alter table order_line add column discounts jsonb;

alter table order_line add column tax_class text not null default 'standard';

alter table order_line add column tax_included boolean not null default true;

alter table order_line add column tax_rate_ppm integer;

alter table order_line add column tax_minor bigint not null default 0;

alter table order_line add column adjusted_total_minor bigint;

alter table order_line add column adjusted_tax_minor bigint;

alter table order_line add constraint order_line_tax_within_total check (tax_minor between 0 and total_minor);

alter table order_line add constraint order_line_adjusted_within_total check (
    adjusted_total_minor between 0 and total_minor
    and adjusted_tax_minor between 0 and adjusted_total_minor
);

alter table tender add column rounding_minor bigint not null default 0;

alter table tender add column cash_step_minor bigint not null default 1;

alter table tender add constraint tender_rounding_is_cash check (
    type = 'cash' or (rounding_minor = 0 and cash_step_minor = 1)
);

alter table refund add column rounding_minor bigint not null default 0;

alter table refund drop constraint refund_amount_positive;

alter table refund add constraint refund_amount_not_negative check (amount_minor >= 0);

-- Who sells may ask for quotes and claim coupons, as new keys may.
update api_key
set scopes = scopes || array['coupons:write', 'quotes:write']
where
    'orders:write' = any(scopes)
    and not scopes && array['coupons:write', 'quotes:write'];
