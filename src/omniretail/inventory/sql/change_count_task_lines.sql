-- Notes what became of lines of counting tasks, which are locked.
update count_task_line
set
    state = change.state,
    quantity = change.quantity,
    variance = change.variance,
    occurred_at = change.occurred_at,
    counted_by = change.counted_by,
    reviewed_by = change.reviewed_by,
    count_id = change.count_id
from
    unnest(
        $1::uuid[], $2::integer[], $3::text[], $4::integer[], $5::integer[], $6::timestamptz[],
        $7::uuid[], $8::uuid[], $9::uuid[]
    )
        as change (
            task_id, number, state, quantity, variance, occurred_at, counted_by, reviewed_by,
            count_id
        )
where
    count_task_line.task_id = change.task_id
    and count_task_line.number = change.number
    and count_task_line.task_id = any($1::uuid[]);
