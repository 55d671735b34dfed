-- Lines, divided ones as a whole, and shipping charges (line 0), whose tax is not what their rate makes of
-- what they cost, included or on top, rounded as their order says, once a line or once a unit; so too of
-- adjusted prices. Per unit, each has its whole share of the amount, some of them one minor unit more than
-- the others. The parts of a divided line may have been adjusted each by itself, and rounded so. What
-- replaced claimed units stands with their line; its amount and its tax are exact shares, each of which a
-- rate may miss by a minor unit.
with charge as (
    select
        line.order_id,
        coalesce(line.part_of, line.line_number) as line_number,
        paid.agreed,
        count(*) - 1 as divisions,
        sum(line.quantity) as quantity,
        line.tax_included,
        line.tax_rate_ppm,
        sum(paid.total_minor) as total_minor,
        sum(paid.tax_minor) as tax_minor,
        sum(paid.total_minor - paid.tax_minor) as net_minor
    from order_line as line
    cross join
        lateral (
            values
            ('sold', line.total_minor, line.tax_minor),
            ('adjusted', line.adjusted_total_minor, line.adjusted_tax_minor)
        ) as paid (agreed, total_minor, tax_minor)
    where paid.total_minor is not null or paid.tax_minor is not null
    group by
        line.order_id,
        coalesce(line.part_of, line.line_number),
        paid.agreed,
        line.tax_included,
        line.tax_rate_ppm
    union all
    select
        sales_order.id as order_id,
        0 as line_number,
        'sold' as agreed,
        0 as divisions,
        1 as quantity,
        shipping.tax_included,
        shipping.tax_rate_ppm,
        shipping.total_minor,
        shipping.tax_minor,
        shipping.net_minor
    from sales_order
    cross join
        lateral jsonb_to_record(sales_order.shipping) as shipping (
            tax_included boolean,
            tax_rate_ppm integer,
            net_minor bigint,
            tax_minor bigint,
            total_minor bigint
        )
    where sales_order.shipping is not null
),

replaced as (
    select
        claim.order_id,
        coalesce(line.part_of, line.line_number) as line_number,
        count(*) as times
    from claim
    inner join claim_line on claim.id = claim_line.claim_id
    inner join order_line as line
        on claim.order_id = line.order_id and claim_line.order_line = line.line_number
    where claim.resolution = 'replacement'
    group by claim.order_id, coalesce(line.part_of, line.line_number)
),

share as (
    select
        charge.*,
        part.units,
        part.amount_minor,
        sales_order.rounding,
        case
            when charge.tax_included then part.amount_minor * 1000000
            else part.amount_minor * charge.tax_rate_ppm
        end as numerator,
        case when charge.tax_included then 1000000 + charge.tax_rate_ppm else 1000000 end
            as denominator
    from charge
    left join sales_order on charge.order_id = sales_order.id
    cross join
        lateral (
            select
                case when charge.tax_included then charge.total_minor else charge.net_minor end::numeric
                    as amount_minor,
                case sales_order.tax_per when 'unit' then charge.quantity else 1 end as units
        ) as base
    cross join
        lateral (
            values
            (base.units - mod(base.amount_minor, base.units), div(base.amount_minor, base.units)),
            (mod(base.amount_minor, base.units), div(base.amount_minor, base.units) + 1)
        ) as part (units, amount_minor)
),

quotient as (
    select
        share.*,
        div(share.numerator, share.denominator) as whole,
        2 * mod(share.numerator, share.denominator) - share.denominator as beyond_half
    from share
),

due as (
    select
        quotient.order_id,
        quotient.line_number,
        quotient.agreed,
        quotient.divisions,
        quotient.total_minor,
        quotient.net_minor,
        quotient.tax_rate_ppm,
        quotient.tax_minor,
        coalesce(sum(
            quotient.units * case
                when quotient.tax_included then quotient.amount_minor - rounded.minor
                else rounded.minor
            end
        ), 0) as tax_due_minor
    from quotient
    cross join
        lateral (
            select
                quotient.whole + case
                    when quotient.beyond_half > 0 then 1
                    when quotient.beyond_half < 0 then 0
                    when quotient.rounding = 'half_up' then 1
                    when quotient.rounding = 'half_down' then 0
                    else mod(quotient.whole, 2)
                end as minor
        ) as rounded
    group by
        quotient.order_id,
        quotient.line_number,
        quotient.agreed,
        quotient.divisions,
        quotient.total_minor,
        quotient.net_minor,
        quotient.tax_rate_ppm,
        quotient.tax_minor
)

select
    due.order_id,
    due.line_number,
    due.agreed,
    due.total_minor,
    due.tax_rate_ppm,
    due.tax_minor,
    due.tax_due_minor
from due
left join replaced on due.order_id = replaced.order_id and due.line_number = replaced.line_number
where
    (due.tax_minor is null) <> (due.tax_due_minor is null)
    or abs(due.tax_minor - due.tax_due_minor)
    > case due.agreed when 'adjusted' then due.divisions else 0 end + 2 * coalesce(replaced.times, 0)
    or due.net_minor is distinct from due.total_minor - due.tax_minor
order by due.order_id, due.line_number, due.agreed;
