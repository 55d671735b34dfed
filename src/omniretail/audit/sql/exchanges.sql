-- Exchanges whose units did not pay for what came in all that they are worth less what went back; for which
-- came in another amount than its lines cost, divided ones as a whole, or than units and customer paid; that
-- say of one another amount than of its refunds; or that together paid more than their order knows of. And
-- what came in for a mere return, or for an exchange nothing.
with exchanged as (
    select
        sales_return.id,
        sales_order.exchanged_minor as order_minor,
        part.added_minor,
        part.paid_minor,
        part.charged_minor,
        part.refunded_minor,
        sum(part.paid_minor) over (partition by sales_return.order_id) as all_paid_minor,
        (
            select sum(line.total_minor) from order_line as line
            where
                line.order_id = sales_return.order_id
                and coalesce(line.part_of, line.line_number) = any(part.lines)
        ) as lines_minor,
        (
            select sum(return_line.refunded_minor) from return_line
            where return_line.return_id = sales_return.id
        ) as worth_minor,
        (
            select coalesce(sum((refund.entry ->> 'amount_minor')::bigint), 0)
            from jsonb_array_elements(sales_return.refunds) as refund (entry)
        ) as refunds_minor
    from sales_return
    inner join sales_order on sales_return.order_id = sales_order.id
    cross join
        lateral jsonb_to_record(sales_return.exchange) as part (
            lines integer[],
            added_minor bigint,
            paid_minor bigint,
            charged_minor bigint,
            refunded_minor bigint
        )
    where sales_return.exchange is not null
)

select
    'amounts' as fault,
    exchanged.id
from exchanged
where
    exchanged.added_minor is distinct from exchanged.lines_minor
    or exchanged.added_minor <> exchanged.paid_minor + exchanged.charged_minor
    or exchanged.worth_minor is distinct from exchanged.paid_minor + exchanged.refunded_minor
    or exchanged.refunded_minor <> exchanged.refunds_minor
    or exchanged.all_paid_minor > exchanged.order_minor
union all
select
    'exchange of a ' || sales_return.kind as fault,
    sales_return.id
from sales_return
where (sales_return.kind = 'exchange') <> (sales_return.exchange is not null)
order by fault, id;
