-- Has the customers $1, members of locked accounts, be members no more.
delete from loyalty_member
where loyalty_member.customer_id = any($1::uuid[]);
