-- Has the customers $1 be members no more, and says no longer why anything was done by hand on the accounts
-- $2. Points, lots and entries stay.
with explained as (
    update loyalty_entry
    set reason = 'erased'
    where loyalty_entry.account_id = any($2::uuid[]) and loyalty_entry.reason is not null
),

reviewed as (
    update loyalty_review
    set note = null
    where loyalty_review.account_id = any($2::uuid[]) and loyalty_review.note is not null
),

merged as (
    update loyalty_merge
    set reason = null
    where
        (loyalty_merge.source_id = any($2::uuid[]) or loyalty_merge.target_id = any($2::uuid[]))
        and loyalty_merge.reason is not null
)

delete from loyalty_member
where loyalty_member.customer_id = any($1::uuid[]);
