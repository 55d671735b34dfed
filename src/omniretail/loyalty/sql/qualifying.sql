-- The qualifying points of the accounts $1 since the local day $2, those of accounts merged into them within;
-- day by day where an account's tier has run out by $3, from three years before that on.
with recursive family as (
    select
        wanted.id as account_id,
        wanted.id as member_id
    from unnest($1::uuid[]) as wanted (id)
    union all
    select
        family.account_id,
        merged.id as member_id
    from family
    inner join loyalty_account as merged on family.member_id = merged.merged_into
)

select
    family.account_id,
    coalesce(sum(day.qualifying) filter (where day.day >= $2::date), 0)::bigint as points,
    json_object_agg(day.day, day.qualifying) filter (where account.tier_until <= $3::timestamptz)
        as by_day
from family
cross join
    lateral (
        select
            loyalty_account.tier_until,
            least($2::date, (loyalty_account.tier_until - interval '3 years')::date) as since
        from loyalty_account
        where loyalty_account.id = family.account_id
        limit 1
    ) as account
inner join
    loyalty_day as day
    on
        family.member_id = day.account_id
        and day.day >= case when account.tier_until <= $3::timestamptz then account.since else $2::date end
group by family.account_id;
