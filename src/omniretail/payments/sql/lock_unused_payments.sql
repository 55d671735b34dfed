-- Locks up to $2 payments that are authorized, and were used by no order by $1. Race: an order that uses one
-- at this moment has its row locked, and it is skipped.
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
where payment.state = 'authorized' and payment.expires_at <= $1::timestamptz
order by payment.expires_at
limit $2::integer
for update skip locked;
