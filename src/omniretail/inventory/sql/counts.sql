-- Counts older than $3, the latest first, at most $4, each with its variance as it is by now; of SKU $1
-- and location $2 where given.
select
    count.id,
    count.recorded_at,
    count.occurred_at,
    count.sku,
    count.location,
    count.lot,
    count.quantity,
    count.variance,
    count.document_id,
    count.actor_id,
    case when task.id is null then 'count' else 'count_task' end as document_type
from stock_count as count
left join count_task as task on count.document_id = task.id
where
    ($1::text is null or count.sku = $1::text)
    and ($2::text is null or count.location = $2::text)
    and ($3::uuid is null or count.id < $3::uuid)
order by count.id desc
limit $4::integer;
