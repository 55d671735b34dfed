-- Writes the identities of the JSON array $1. Race: two people are given the same one at once; the second
-- runs again, and finds whose it is.
insert into customer_identity (kind, issuer, value, customer_id, added_at, added_by)
select
    fresh.kind,
    fresh.issuer,
    fresh.value,
    fresh.customer_id,
    fresh.added_at,
    fresh.added_by
from json_to_recordset($1::json) as fresh (
    kind text,
    issuer text,
    value text,
    customer_id uuid,
    added_at timestamptz,
    added_by uuid
);
