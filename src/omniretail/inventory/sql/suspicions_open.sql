-- Which of the places ($1 SKUs, $2 locations) somebody shall count already because of a suspicion. Race:
-- such a task is opened, and its lines are counted, only under the lock of the place's level; who holds
-- it, and asks in a statement of its own after locking, is told what stays true until they commit.
select distinct
    place.sku,
    place.location
from unnest($1::text[], $2::text[]) as place (sku, location)
cross join
    lateral (
        select count_task_line.task_id
        from count_task_line
        where count_task_line.sku = place.sku and count_task_line.state <> 'counted'
        limit 10000
    ) as line
cross join
    lateral (
        select count_task.location
        from count_task
        where count_task.id = line.task_id and count_task.document_id is not null
        limit 1
    ) as task
where task.location = place.location;
