-- How many of each SKU the channels ($1 channels, $2 SKUs) may still promise: what their pools' active
-- locations may, less the channel's threshold for it.
select
    asked.channel,
    asked.sku,
    coalesce(pool.total, 0) - coalesce(own.threshold, policy.threshold) as room
from unnest($1::text[], $2::text[]) as asked (channel, sku)
inner join channel_stock_policy as policy on asked.channel = policy.channel
left join channel_sku_threshold as own on asked.channel = own.channel and asked.sku = own.sku
left join lateral (
    select
        sum(
            greatest(
                level.on_hand - level.damaged - level.quality_control - level.allocated - level.held
                - coalesce(level.safety_stock, location.safety_stock),
                0
            )
        )::integer as total
    from stock_level as level
    inner join location on level.location = location.code and location.status = 'active'
    where
        level.sku = asked.sku
        and (
            policy.pool is null
            or exists (
                select 1
                from location_group_member as member
                where member.location_group = policy.pool and member.location = level.location
            )
        )
) as pool on true;
