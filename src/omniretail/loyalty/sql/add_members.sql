-- Has the customers $1 be members of the locked accounts $2, by $3, from $4 on. Race: two accounts have one
-- customer join at once; the second waits for the first, and violates loyalty_member_pkey.
insert into loyalty_member (customer_id, account_id, joined_by, joined_at)
select
    joining.customer_id,
    joining.account_id,
    joining.joined_by,
    $4::timestamptz
from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as joining (customer_id, account_id, joined_by);
