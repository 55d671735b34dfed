-- Orders whose total differs from the sum of their lines and their shipping.
select
    sales_order.number,
    sales_order.total_minor,
    sum(line.total_minor) as lines_minor,
    (sales_order.shipping ->> 'total_minor')::bigint as shipping_minor
from sales_order
left join order_line as line on sales_order.id = line.order_id
group by sales_order.id
having
    sales_order.total_minor is distinct from
    sum(line.total_minor) + coalesce((sales_order.shipping ->> 'total_minor')::bigint, 0)
order by sales_order.number;
