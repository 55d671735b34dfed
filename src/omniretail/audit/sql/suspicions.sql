-- Places where more is suspected than the books have on the shelf, or something that no task will have
-- counted: an open line of a task that a suspicion caused.
select
    level.sku,
    level.location,
    level.suspected,
    level.on_hand - level.damaged - level.quality_control as shelf
from stock_level as level
where
    level.suspected > greatest(level.on_hand - level.damaged - level.quality_control, 0)
    or (
        level.suspected > 0
        and not exists (
            select 1
            from count_task_line as line
            inner join count_task as task on line.task_id = task.id
            where
                line.sku = level.sku
                and line.state <> 'counted'
                and task.location = level.location
                and task.document_id is not null
        )
    )
order by level.sku, level.location;
