-- Has the consents $3 of customer $1, or all of them (null), be those of customer $2; with their ids. Both
-- are locked.
update customer_consent
set customer_id = $2::uuid
where
    customer_consent.customer_id = $1::uuid
    and ($3::uuid[] is null or customer_consent.id = any($3::uuid[]))
returning customer_consent.id;
