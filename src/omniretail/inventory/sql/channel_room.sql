-- How many of each SKU the channels ($1 channels, $2 SKUs) may still promise at $3: what their pools'
-- active locations may, less the channel's threshold for it. Holds that have run out and lots past
-- their date count for what they are, swept or not. SKUs that may be ordered beyond their stock are
-- left out.
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
                - coalesce(level.safety_stock, location.safety_stock) - level.suspected
                + case when level.held > 0 then (
                    select coalesce(sum(line.quantity), 0)
                    from hold_line as line
                    where
                        line.sku = level.sku
                        and line.location = level.location
                        and line.expires_at <= $3::timestamptz
                        and line.closed_at is null
                        and line.quantity > 0
                ) else 0 end
                - (
                    select coalesce(sum(lot.on_hand - lot.damaged - lot.quality_control), 0)
                    from stock_lot as lot
                    where
                        lot.sku = level.sku
                        and lot.location = level.location
                        and lot.on_hand > 0
                        and lot.expires_on < ($3::timestamptz at time zone 'utc')::date
                ),
                0
            )
        )::bigint as total
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
) as pool on true
where
    not exists (
        select 1
        from sku
        where sku.code = asked.sku and sku.ordering is not null
    );
