-- What is authorized for carts and used by no order yet, not run out at $1 and begun before $2, what runs
-- out last first, at most $3.
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
    payment.method,
    payment.provider_reference,
    payment.attempts,
    payment.leased_until,
    payment.idempotency_key,
    encode(payment.request_hash, 'hex') as request_hash
from payment
where
    payment.cart_id is not null
    and payment.state = 'authorized'
    and payment.expires_at > $1::timestamptz
    and payment.created_at < $2::timestamptz
order by payment.expires_at desc
limit $3::integer;
