-- Deletes up to $2 of the claims that ran out before $1 and became no order's, the oldest first.
delete from usage
where usage.id in (
    select aged.id
    from usage as aged
    where aged.expires_at < $1::timestamptz and aged.order_id is null
    order by aged.expires_at
    limit $2::bigint
);
