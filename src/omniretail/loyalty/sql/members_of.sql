-- The accounts that the customers $1 are members of.
select
    loyalty_member.customer_id,
    loyalty_member.account_id
from loyalty_member
where loyalty_member.customer_id = any($1::uuid[]);
