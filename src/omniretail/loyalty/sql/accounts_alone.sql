-- The accounts that nobody is a member of but the customers $1, and those that were merged into them.
with own as (
    select loyalty_member.account_id as id
    from loyalty_member
    where
        loyalty_member.customer_id = any($1::uuid[])
        and not exists (
            select 1
            from loyalty_member as other
            where
                other.account_id = loyalty_member.account_id
                and other.customer_id <> all($1::uuid[])
        )
)

select own.id
from own
union
select loyalty_account.id
from own
inner join loyalty_account on own.id = loyalty_account.merged_into;
