-- The counting tasks $1.
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
where task.id = any($1::uuid[]);
