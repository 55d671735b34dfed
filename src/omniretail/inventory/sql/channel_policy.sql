-- The policy of the channel $1, a row for each SKU that has a threshold of its own, or one without.
-- Where there is no policy, nothing is withheld; where there is no channel, there is no row.
select
    policy.pool,
    coalesce(policy.threshold, 0) as threshold,
    own.sku,
    own.threshold as own
from channel
left join channel_stock_policy as policy on channel.code = policy.channel
left join channel_sku_threshold as own on policy.channel = own.channel
where channel.code = $1::text
order by own.sku;
