-- Makes the claims $1 uses of the orders $2 by the customers $3, at $4. Their coupons' counts are locked.
update usage
set
    state = 'used',
    order_id = taken.order_id,
    customer = taken.customer,
    ended_at = $4::timestamptz
from unnest($1::uuid[], $2::uuid[], $3::text[]) as taken (id, order_id, customer)
where usage.id = taken.id and usage.id = any($1::uuid[]);
