-- Has the customers $1, members of locked accounts, be members of the accounts $2.
update loyalty_member
set account_id = moving.account_id
from unnest($1::uuid[], $2::uuid[]) as moving (customer_id, account_id)
where loyalty_member.customer_id = moving.customer_id;
