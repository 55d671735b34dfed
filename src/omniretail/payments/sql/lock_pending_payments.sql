-- Leases up to $2 payments of the provider $4 that are still pending, and whose last lease has run out at
-- $1, until $3. Race: two workers at once; each skips what the other has locked, and what the other has
-- leased already is no longer chosen once its row is read again.
with due as materialized (
    select payment.id
    from payment
    where
        payment.state = 'pending'
        and payment.leased_until <= $1::timestamptz
        and payment.provider = $4::text
    order by payment.leased_until
    limit $2::integer
    for update skip locked
)

update payment
set
    leased_until = $3::timestamptz,
    attempts = payment.attempts + 1
-- An array bounds the read also where the plan was made while the table was still empty.
where payment.id = any(array(select due.id from due))
returning
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
    encode(payment.request_hash, 'hex') as request_hash;
