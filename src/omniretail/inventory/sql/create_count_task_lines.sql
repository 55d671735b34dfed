-- Writes the lines of new counting tasks; nothing is counted yet.
insert into count_task_line (task_id, number, sku, lot, state)
select
    fresh.task_id,
    fresh.number,
    fresh.sku,
    fresh.lot,
    'assigned' as state
from
    unnest($1::uuid[], $2::integer[], $3::text[], $4::text[]) as fresh (task_id, number, sku, lot);
