-- Locks the payments $1 in the order of their ids, last in the global order, and returns them. Race: two
-- orders, or an order and the worker that voids what nobody used; the second waits here, and then reads
-- what the first left.
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
where payment.id = any($1::uuid[])
order by payment.id
for update;
