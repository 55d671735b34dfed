-- The lines of the counting tasks $1.
select
    line.task_id,
    line.number,
    line.sku,
    line.lot,
    line.state,
    line.quantity,
    line.variance,
    line.occurred_at,
    line.counted_by,
    line.reviewed_by,
    line.count_id
from count_task_line as line
where line.task_id = any($1::uuid[])
order by line.task_id, line.number;
