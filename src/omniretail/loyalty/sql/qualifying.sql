-- The qualifying points of the accounts $1 since the local day $2, those of accounts merged into them within;
-- day by day where an account's tier has run out by $3, from three years before that on. `offset 0` has
-- the days of each account looked up by themselves.
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
    cross join
        lateral (
            select loyalty_account.id
            from loyalty_account
            where loyalty_account.merged_into = family.member_id
            offset 0
        ) as merged
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
cross join
    lateral (
        select
            loyalty_day.day,
            loyalty_day.qualifying
        from loyalty_day
        where
            loyalty_day.account_id = family.member_id
            and loyalty_day.day
            >= case when account.tier_until <= $3::timestamptz then account.since else $2::date end
        offset 0
    ) as day
group by family.account_id;
