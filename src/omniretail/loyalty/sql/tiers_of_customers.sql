-- The tiers of the accounts that the customers $1 are members of; and until when they are judged so.
select
    customer.id as customer_id,
    account.id as account_id,
    account.tier,
    account.tier_until
from unnest($1::uuid[]) as customer (id)
cross join
    lateral (
        select loyalty_member.account_id
        from loyalty_member
        where loyalty_member.customer_id = customer.id
        limit 1
    ) as membership
cross join
    lateral (
        select
            loyalty_account.id,
            loyalty_account.tier,
            loyalty_account.tier_until
        from loyalty_account
        where loyalty_account.id = membership.account_id
        limit 1
    ) as account
where account.tier is not null;
