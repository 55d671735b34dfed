-- Writes how payments ($1 ids) stand after their providers' answers or after they were voided; their rows
-- are locked.
update payment
set
    state = change.state,
    provider_reference = change.provider_reference,
    decline_code = change.decline_code,
    leased_until = change.leased_until,
    card_token = change.card_token
from
    unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
        as change (id, state, provider_reference, decline_code, leased_until, card_token)
where
    payment.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and payment.id = any($1::uuid[]);
