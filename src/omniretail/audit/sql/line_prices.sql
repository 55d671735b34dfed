-- Lines, divided ones as a whole, and shipping charges (line 0), that do not cost their price times their
-- quantity less their discounts, tax on top left out; whose discounts are not all above zero, or together
-- more than the price; and lines whose own price came without a reason.
with charge as (
    select
        line.order_id,
        coalesce(line.part_of, line.line_number) as line_number,
        sum(line.quantity) as quantity,
        line.unit_price_minor,
        jsonb_path_query_array(jsonb_agg(coalesce(line.discounts, '[]')), '$[*][*]') as discounts,
        sum(line.total_minor) as total_minor,
        sum(
            case when line.tax_included then line.total_minor else line.total_minor - line.tax_minor end
        ) as charged_minor,
        line.list_price_minor,
        line.price_reason
    from order_line as line
    group by
        line.order_id,
        coalesce(line.part_of, line.line_number),
        line.unit_price_minor,
        line.list_price_minor,
        line.price_reason
    union all
    select
        sales_order.id as order_id,
        0 as line_number,
        1 as quantity,
        shipping.unit_price_minor,
        shipping.discounts,
        shipping.total_minor,
        case
            when shipping.tax_included then shipping.total_minor
            else shipping.total_minor - shipping.tax_minor
        end as charged_minor,
        shipping.unit_price_minor as list_price_minor,
        null as price_reason
    from sales_order
    cross join
        lateral jsonb_to_record(sales_order.shipping) as shipping (
            unit_price_minor bigint,
            discounts jsonb,
            total_minor bigint,
            tax_minor bigint,
            tax_included boolean
        )
    where sales_order.shipping is not null
)

select
    charge.order_id,
    charge.line_number,
    charge.quantity,
    charge.unit_price_minor,
    taken_off.amount_minor as discounts_minor,
    charge.total_minor
from charge
cross join
    lateral (
        select
            coalesce(sum(discount.amount_minor), 0) as amount_minor,
            coalesce(min(discount.amount_minor), 1) as least_minor,
            count(*) filter (where discount.amount_minor is null) as missing
        from jsonb_to_recordset(coalesce(charge.discounts, '[]'))
            as discount (amount_minor bigint)
    ) as taken_off
where
    charge.charged_minor is distinct from
    charge.unit_price_minor::numeric * charge.quantity - taken_off.amount_minor
    or taken_off.least_minor <= 0
    or taken_off.missing > 0
    or taken_off.amount_minor > charge.unit_price_minor::numeric * charge.quantity
    or (
        charge.unit_price_minor is distinct from charge.list_price_minor
        and charge.price_reason is null
    )
order by charge.order_id, charge.line_number;
