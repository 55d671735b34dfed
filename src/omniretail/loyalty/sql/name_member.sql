-- Has customer $2 be a member of the account $3 in the place of customer $1. Race: the customer joins another
-- account meanwhile; that violates loyalty_member_pkey, and all runs again.
update loyalty_member
set customer_id = $2::uuid
where loyalty_member.customer_id = $1::uuid and loyalty_member.account_id = $3::uuid;
