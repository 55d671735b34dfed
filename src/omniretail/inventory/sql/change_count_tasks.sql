-- Notes what became of counting tasks, which are locked.
update count_task
set
    closed_at = change.closed_at,
    closed_by = change.closed_by,
    version = change.version
from
    unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::integer[])
        as change (id, closed_at, closed_by, version)
where count_task.id = change.id and count_task.id = any($1::uuid[]);
