-- Puts the policy of the channel $1 in place: pool $2, threshold $3, at $4. Race: of two at once the
-- second waits for the first, also with the thresholds that follow.
insert into channel_stock_policy as policy (channel, pool, threshold, updated_at)
values ($1::text, $2::text, $3::integer, $4::timestamptz)
on conflict on constraint channel_stock_policy_pkey do update set
    pool = excluded.pool,
    threshold = excluded.threshold,
    updated_at = excluded.updated_at;
