-- The policies of the channels $1, where they have one, with the locations of their pools.
select
    policy.channel,
    policy.pool,
    (
        select array_agg(member.location)
        from location_group_member as member
        where member.location_group = policy.pool
    ) as locations,
    policy.threshold > 0 or exists (
        select 1
        from channel_sku_threshold as own
        where own.channel = policy.channel and own.threshold > 0
    ) as withholds
from channel_stock_policy as policy
where policy.channel = any($1::text[]);
