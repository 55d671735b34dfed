-- Takes every threshold of the channel $1 away but those of the SKUs $2.
delete from channel_sku_threshold
where
    channel_sku_threshold.channel = $1::text
    and channel_sku_threshold.sku <> all($2::text[]);
