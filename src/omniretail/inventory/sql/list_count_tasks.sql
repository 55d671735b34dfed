-- Counting tasks older than $6, the latest first, at most $7; at location $1, at one of the locations
-- $2, closed ($3), with a line that is not counted ($4), with a line that waits for review ($5), each
-- where given.
select
    task.id,
    task.location,
    task.assigned_to,
    task.review_threshold,
    task.note,
    task.due_at,
    task.created_at,
    task.created_by,
    task.closed_at,
    task.closed_by,
    task.version,
    task.document_type,
    task.document_id
from count_task as task
cross join
    lateral (
        select
            bool_or(line.state = 'assigned') as some_assigned,
            bool_or(line.state = 'pending_review') as some_waiting
        from count_task_line as line
        where line.task_id = task.id
    ) as lines
where
    ($1::text is null or task.location = $1::text)
    and ($2::text[] is null or task.location = any($2::text[]))
    and ($3::boolean is null or (task.closed_at is not null) = $3::boolean)
    and ($4::boolean is null or lines.some_assigned = $4::boolean)
    and ($5::boolean is null or lines.some_waiting = $5::boolean)
    and ($6::uuid is null or task.id < $6::uuid)
order by task.id desc
limit $7::integer;
