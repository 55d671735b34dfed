-- Puts the thresholds $3 of the SKUs $2 in the channel $1 in place. The channel's policy is locked.
insert into channel_sku_threshold as own (channel, sku, threshold)
select
    $1::text as channel,
    fresh.sku,
    fresh.threshold
from unnest($2::text[], $3::integer[]) as fresh (sku, threshold)
on conflict on constraint channel_sku_threshold_pkey do update set
    threshold = excluded.threshold;
