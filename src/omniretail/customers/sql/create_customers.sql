-- Writes the customers of the JSON array $1.
insert into customer (
    id, version, status, merged_into, given_name, family_name, family_name_key, birth_date, locale,
    customer_groups, addresses, created_at, updated_at, created_by, channel
)
select
    made.id,
    made.version,
    made.status,
    made.merged_into,
    made.given_name,
    made.family_name,
    made.family_name_key,
    made.birth_date,
    made.locale,
    made.customer_groups,
    made.addresses,
    made.created_at,
    made.updated_at,
    made.created_by,
    made.channel
from json_to_recordset($1::json) as made (
    id uuid,
    version integer,
    status text,
    merged_into uuid,
    given_name text,
    family_name text,
    family_name_key text,
    birth_date date,
    locale text,
    customer_groups text[],
    addresses jsonb,
    created_at timestamptz,
    updated_at timestamptz,
    created_by uuid,
    channel text
);
