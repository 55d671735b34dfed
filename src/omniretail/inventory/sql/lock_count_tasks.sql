-- Locks the counting tasks $1, one after the other by id, and returns them.
select
    held.id,
    held.location,
    held.assigned_to,
    held.review_threshold,
    held.note,
    held.due_at,
    held.created_at,
    held.created_by,
    held.closed_at,
    held.closed_by,
    held.version,
    held.document_type,
    held.document_id
from (
    select unnest($1::uuid[]) as id
    order by 1
) as wanted
cross join lateral (
    select count_task.*
    from count_task
    where count_task.id = wanted.id
    limit 1
    for update
) as held;
