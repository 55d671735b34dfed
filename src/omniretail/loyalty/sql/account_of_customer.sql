-- The account that the customer $1 is a member of.
select loyalty_member.account_id
from loyalty_member
where loyalty_member.customer_id = $1::uuid;
