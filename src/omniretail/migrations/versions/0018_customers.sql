-- Customers: one profile per person for all channels; by what they are known, what they consented to, and
-- what staff noted. Rows of the latter three can be moved to another customer, and deleted.

create table customer (
    id uuid not null,
    version integer not null,
    status text not null,
    merged_into uuid,
    given_name text,
    family_name text,
    -- Without case, so that it is found by how it begins whatever the database's locale is.
    family_name_key text collate "C",
    birth_date date,
    locale text,
    customer_groups text[] not null,
    addresses jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    created_by uuid not null,
    channel text,
    constraint customer_pkey primary key (id),
    constraint customer_status_known check (status in ('active', 'merged', 'erased')),
    constraint customer_target_of_merged check ((status = 'merged') = (merged_into is not null)),
    constraint customer_merged_into_another check (merged_into <> id),
    constraint customer_erased_is_empty check (
        status <> 'erased'
        or (
            given_name is null and family_name is null and family_name_key is null
            and birth_date is null and locale is null and addresses = '[]'::jsonb
        )
    )
);

create index customer_family_name_idx on customer (family_name_key, id)
where status = 'active';

create index customer_merged_into_idx on customer (merged_into) where merged_into is not null;

create table customer_identity (
    kind text not null,
    issuer text not null,
    value text not null,
    customer_id uuid not null,
    added_at timestamptz not null,
    added_by uuid not null,
    constraint customer_identity_pkey primary key (kind, issuer, value),
    constraint customer_identity_kind_known check (
        kind in ('email', 'phone', 'loyalty_card', 'app', 'external_id')
    ),
    constraint customer_identity_issuer_of_app check ((kind = 'app') = (issuer <> '')),
    constraint customer_identity_value_not_empty check (value <> '')
);

create index customer_identity_customer_idx on customer_identity (customer_id, kind, issuer, value);

-- A till names a customer by either, and must not name two.

create unique index customer_identity_reference_key on customer_identity (value)
where kind in ('external_id', 'loyalty_card');

create table customer_consent (
    id uuid not null,
    customer_id uuid not null,
    purpose text not null,
    granted boolean not null,
    decided_at timestamptz not null,
    channel text,
    actor_id uuid not null,
    source text,
    recorded_at timestamptz not null,
    constraint customer_consent_pkey primary key (id)
);

create index customer_consent_current_idx on customer_consent (
    customer_id, purpose, decided_at desc, id desc
);

create index customer_consent_customer_idx on customer_consent (customer_id, id);

create table customer_note (
    id uuid not null,
    customer_id uuid not null,
    text text not null,
    noted_at timestamptz not null,
    actor_id uuid not null,
    channel text,
    constraint customer_note_pkey primary key (id),
    constraint customer_note_text_not_empty check (text <> '')
);

create index customer_note_customer_idx on customer_note (customer_id, id);
