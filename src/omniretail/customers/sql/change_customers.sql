-- Notes what became of the customers $1, which are locked, as the JSON array $2 tells it.
update customer
set
    version = change.version,
    status = change.status,
    merged_into = change.merged_into,
    given_name = change.given_name,
    family_name = change.family_name,
    family_name_key = change.family_name_key,
    birth_date = change.birth_date,
    locale = change.locale,
    customer_groups = change.customer_groups,
    addresses = change.addresses,
    updated_at = change.updated_at
from
    json_to_recordset($2::json)
        as change (
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
            updated_at timestamptz
        )
where
    customer.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and customer.id = any($1::uuid[]);
