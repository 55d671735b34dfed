-- The lines of the returns $1, each with what its units are graded as now.
select
    line.return_id,
    line.number,
    line.order_line,
    line.sku,
    line.components,
    line.quantity,
    line.reason,
    line.received_quantity,
    line.refunded_quantity,
    line.cancelled_quantity,
    line.refunded_minor,
    line.refunded_tax_minor,
    line.unit_minor,
    graded.by_disposition as graded
from return_line as line
cross join
    lateral (
        select json_object_agg(there.disposition, there.quantity) as by_disposition
        from (
            select
                way.disposition,
                sum(way.change)::integer as quantity
            from return_grading as grading
            cross join
                lateral (
                    values
                    (grading.to_disposition, grading.quantity),
                    (grading.from_disposition, -grading.quantity)
                ) as way (disposition, change)
            where
                grading.return_id = line.return_id
                and grading.line_number = line.number
                and way.disposition is not null
            group by way.disposition
            having sum(way.change) <> 0
        ) as there
    ) as graded
where line.return_id = any($1::uuid[])
order by line.return_id, line.number;
