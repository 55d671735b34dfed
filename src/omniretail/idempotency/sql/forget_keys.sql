-- Deletes up to $2 of the keys recorded before $1, the oldest first.
delete from idempotency_key as old
using (
    select
        aged.principal_id,
        aged.key
    from idempotency_key as aged
    where aged.recorded_at < $1::timestamptz
    order by aged.recorded_at
    limit $2::bigint
) as chosen
where old.principal_id = chosen.principal_id and old.key = chosen.key;
