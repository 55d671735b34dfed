-- Gift cards and store credits whose balance, held amount, version or status is not what their entries say;
-- entries of no account; balances and held amounts that were impossible along the way; and tenders
-- that gave back or spent more of an account than they held of it.
with step as (
    select
        entry.account_id,
        entry.sequence,
        entry.type,
        entry.order_id,
        sum(entry.balance_change_minor) over history as balance_minor,
        sum(entry.held_change_minor) over history as held_minor,
        sum(entry.held_change_minor) over (
            partition by entry.account_id, entry.order_id, entry.tender_number
            order by entry.sequence
        ) as held_by_tender_minor,
        row_number() over history as place
    from account_entry as entry
    window history as (partition by entry.account_id order by entry.sequence)
),

told as (
    select
        step.account_id,
        max(step.sequence) as entries,
        bool_and(
            step.sequence = step.place and (step.type = 'issued') = (step.place = 1)
        ) as gapless,
        bool_and(
            step.held_minor between 0 and step.balance_minor
            and (step.order_id is null or step.held_by_tender_minor >= 0)
        ) as possible,
        (array_agg(step.balance_minor order by step.sequence desc))[1] as balance_minor,
        (array_agg(step.held_minor order by step.sequence desc))[1] as held_minor,
        coalesce(
            (
                array_agg(step.type order by step.sequence desc)
                filter (where step.type in ('blocked', 'unblocked'))
            )[1] = 'blocked',
            false
        ) as blocked
    from step
    group by step.account_id
)

select
    coalesce(account.id, told.account_id) as account_id,
    account.balance_minor as stated_balance_minor,
    told.balance_minor,
    account.held_minor as stated_held_minor,
    told.held_minor,
    account.version as stated_version,
    told.entries,
    account.status as stated_status,
    told.gapless,
    told.possible
from payment_account as account
full join told on account.id = told.account_id
where
    account.balance_minor is distinct from told.balance_minor
    or account.held_minor is distinct from told.held_minor
    or account.version is distinct from told.entries
    or (account.status = 'blocked') is distinct from told.blocked
    or not told.gapless
    or not told.possible
order by account_id;
