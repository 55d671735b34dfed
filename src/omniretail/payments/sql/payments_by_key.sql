-- The payments that ($1 principals, $2 keys) began. The `limit` has each looked up by itself, also by a
-- plan that was made while the table was still empty.
select begun.*
from unnest($1::uuid[], $2::text[]) as wanted (principal_id, key)
cross join lateral (
    select
        payment.id,
        payment.channel,
        payment.principal_id,
        payment.cart_id,
        payment.type,
        payment.amount_minor,
        payment.currency,
        payment.state,
        payment.provider,
        payment.decline_code,
        payment.order_id,
        payment.tender_number,
        payment.created_at,
        payment.expires_at,
        payment.card_token,
        payment.method,
        payment.provider_reference,
        payment.attempts,
        payment.leased_until,
        payment.idempotency_key,
        encode(payment.request_hash, 'hex') as request_hash
    from payment
    where
        payment.principal_id = wanted.principal_id
        and payment.idempotency_key = wanted.key
    limit 1
) as begun;
