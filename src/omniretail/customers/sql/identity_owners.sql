-- Whose the identities are, with kinds $1, issuers $2 and values $3; those that are somebody's.
select
    wanted.kind,
    wanted.issuer,
    wanted.value,
    owned.customer_id
from unnest($1::text[], $2::text[], $3::text[]) as wanted (kind, issuer, value)
cross join lateral (
    select part.customer_id
    from customer_identity as part
    where part.kind = wanted.kind and part.issuer = wanted.issuer and part.value = wanted.value
    limit 1
) as owned;
