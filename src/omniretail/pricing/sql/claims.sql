-- The claims of coupons with ids $1.
select
    usage.id,
    usage.code as coupon,
    usage.customer,
    usage.state,
    usage.claimed_by,
    usage.expires_at,
    usage.order_id
from usage
where usage.id = any($1::uuid[]) and usage.expires_at is not null;
