-- Has what customer $1 is known by, of kinds $3, issuers $4 and values $5, be what customer $2 is known by.
-- Both are locked.
update customer_identity
set customer_id = $2::uuid
from unnest($3::text[], $4::text[], $5::text[]) as moved (kind, issuer, value)
where
    customer_identity.kind = moved.kind
    and customer_identity.issuer = moved.issuer
    and customer_identity.value = moved.value
    and customer_identity.customer_id = $1::uuid;
