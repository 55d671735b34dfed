-- Has all that customer $1 is known by be what customer $2 is known by; with what it is. Both are locked.
update customer_identity
set customer_id = $2::uuid
where customer_identity.customer_id = $1::uuid
returning customer_identity.kind, customer_identity.issuer, customer_identity.value;
