-- Members of loyalty accounts that do not exist, or are not open.
select
    member.customer_id,
    member.account_id,
    account.status
from loyalty_member as member
left join loyalty_account as account on member.account_id = account.id
where account.status is distinct from 'open'
order by member.customer_id;
