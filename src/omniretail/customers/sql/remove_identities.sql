-- Takes away the identities with kinds $1, issuers $2 and values $3, whose customers are locked.
delete from customer_identity as part
using unnest($1::text[], $2::text[], $3::text[]) as gone (kind, issuer, value)
where part.kind = gone.kind and part.issuer = gone.issuer and part.value = gone.value;
