-- What is authorized for carts and used by no order yet, not run out at $1 and begun before $2, what runs
-- out last first, at most $3.
select payment.id
from payment
where
    payment.cart_id is not null
    and payment.state = 'authorized'
    and payment.expires_at > $1::timestamptz
    and payment.created_at < $2::timestamptz
order by payment.expires_at desc
limit $3::integer;
