-- The loyalty programme: each version is in force until the next one is, and none is ever changed.

create table loyalty_programme (
    id uuid not null,
    effective_from timestamptz not null,
    spec jsonb not null,
    created_at timestamptz not null,
    created_by uuid not null,
    constraint loyalty_programme_pkey primary key (id),
    constraint loyalty_programme_effective_from_key unique (effective_from)
);
