-- Locks the accounts that are named by $1, or are those of the customers $2, one after the other by id; an
-- account that was merged means the one that it is part of. Race: two checkouts spend the last points of one
-- account; the second waits here, and then reads what the first left. The `limit` has each looked up by
-- itself, also by a plan made while the table was empty.
with recursive chain as (
    select
        asked.named,
        asked.account_id,
        0 as hops
    from (
        select
            given.id as named,
            given.id as account_id
        from unnest($1::uuid[]) as given (id)
        union all
        select
            customer.id as named,
            membership.account_id
        from unnest($2::uuid[]) as customer (id)
        cross join lateral (
            select loyalty_member.account_id
            from loyalty_member
            where loyalty_member.customer_id = customer.id
            limit 1
        ) as membership
    ) as asked
    union all
    select
        chain.named,
        further.merged_into as account_id,
        chain.hops + 1 as hops
    from chain
    cross join
        lateral (
            select loyalty_account.merged_into
            from loyalty_account
            where loyalty_account.id = chain.account_id
            limit 1
        ) as further
    where further.merged_into is not null
),

reached as (
    select distinct on (chain.named)
        chain.named,
        chain.account_id
    from chain
    order by chain.named asc, chain.hops desc
),

locked as materialized (
    select taken.id
    from (
        select distinct reached.account_id
        from reached
        order by reached.account_id
    ) as wanted
    cross join lateral (
        select loyalty_account.id
        from loyalty_account
        where loyalty_account.id = wanted.account_id
        limit 1
        for update
    ) as taken
)

select
    reached.named,
    locked.id
from locked
inner join reached on locked.id = reached.account_id;
