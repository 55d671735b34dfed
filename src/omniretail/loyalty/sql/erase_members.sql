-- Has the customers $1 be members no more, and says no longer why points were given or taken by hand on
-- accounts that nobody else is a member of. Points, lots and entries stay.
with own as (
    select loyalty_member.account_id as id
    from loyalty_member
    where
        loyalty_member.customer_id = any($1::uuid[])
        and not exists(
            select 1
            from loyalty_member as other
            where
                other.account_id = loyalty_member.account_id
                and other.customer_id <> all($1::uuid[])
        )
),

accounts as (
    select own.id
    from own
    union
    select loyalty_account.id
    from own
    inner join loyalty_account on own.id = loyalty_account.merged_into
),

explained as (
    update loyalty_entry
    set reason = 'erased'
    from accounts
    where loyalty_entry.account_id = accounts.id and loyalty_entry.reason is not null
),

reviewed as (
    update loyalty_review
    set note = null
    from accounts
    where loyalty_review.account_id = accounts.id and loyalty_review.note is not null
),

merged as (
    update loyalty_merge
    set reason = null
    from accounts
    where loyalty_merge.source_id = accounts.id and loyalty_merge.reason is not null
)

delete from loyalty_member
where loyalty_member.customer_id = any($1::uuid[]);
