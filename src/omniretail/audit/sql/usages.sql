-- Counts of uses that are not the number of uses; uses by orders that do not exist, or were cancelled as a
-- whole; coupons that took something off an order which did not use them, or not once; and coupons and
-- promotions that were used beyond their limit. A limit may be lowered below what was used: what counts
-- against it are the orders priced by a book that had it already.
with live_order as (
    select
        sales_order.id,
        sales_order.book_version,
        bool_and(line.cancelled_quantity = line.quantity) as cancelled
    from sales_order
    left join order_line as line on sales_order.id = line.order_id
    group by sales_order.id
),

used as (
    select
        usage.kind,
        usage.code,
        usage.customer,
        usage.order_id,
        live_order.book_version,
        coalesce(live_order.cancelled, true) as by_none
    from usage
    left join live_order on usage.order_id = live_order.id
    where usage.state = 'used'
),

counted as (
    select
        used.kind,
        used.code,
        count(*) as uses
    from used
    group by used.kind, used.code
),

taken_off as (
    select distinct
        charge.order_id,
        discount.coupon as code
    from (
        select
            line.order_id,
            line.discounts
        from order_line as line
        union all
        select
            sales_order.id as order_id,
            sales_order.shipping -> 'discounts' as discounts
        from sales_order
    ) as charge
    cross join
        lateral jsonb_to_recordset(coalesce(charge.discounts, '[]')) as discount (coupon text)
    where discount.coupon is not null
),

limits as (
    select
        'coupon' as kind,
        coupon.code,
        coupon.book_version,
        (coupon.document ->> 'usage_limit')::integer as most,
        (coupon.document ->> 'limit_per_customer')::integer as most_per_customer
    from coupon
    union all
    select
        'promotion' as kind,
        promotion.code,
        promotion.book_version,
        (promotion.document ->> 'usage_limit')::integer as most,
        null as most_per_customer
    from promotion
),

bounded as (
    select
        used.kind,
        used.code,
        used.customer,
        limits.most,
        limits.most_per_customer,
        count(*) over (partition by used.kind, used.code) as uses,
        count(*) over (partition by used.kind, used.code, used.customer) as uses_of_customer
    from used
    inner join limits
        on
            used.kind = limits.kind
            and used.code = limits.code
            and used.book_version >= limits.book_version
)

select
    'count' as fault,
    kind,
    code,
    null::uuid as order_id,
    null as customer,
    coalesce(usage_count.used, 0) as stated,
    coalesce(counted.uses, 0) as found
from usage_count
full join counted using (kind, code)
where coalesce(usage_count.used, 0) <> coalesce(counted.uses, 0)
union all
select
    'used by no order' as fault,
    used.kind,
    used.code,
    used.order_id,
    used.customer,
    0 as stated,
    count(*) as found
from used
where used.by_none
group by used.kind, used.code, used.order_id, used.customer
union all
select
    'taken off without a use' as fault,
    'coupon' as kind,
    taken_off.code,
    taken_off.order_id,
    null as customer,
    1 as stated,
    count(used.order_id) as found
from taken_off
inner join coupon on taken_off.code = coupon.code
inner join live_order on taken_off.order_id = live_order.id and not live_order.cancelled
left join used
    on
        taken_off.order_id = used.order_id
        and taken_off.code = used.code
        and used.kind = 'coupon'
group by taken_off.code, taken_off.order_id
having count(used.order_id) <> 1
union all
select distinct
    'used beyond its limit' as fault,
    bounded.kind,
    bounded.code,
    null::uuid as order_id,
    null as customer,
    bounded.most as stated,
    bounded.uses as found
from bounded
where bounded.uses > bounded.most
union all
select distinct
    'used beyond its limit' as fault,
    bounded.kind,
    bounded.code,
    null::uuid as order_id,
    bounded.customer,
    bounded.most_per_customer as stated,
    bounded.uses_of_customer as found
from bounded
where bounded.customer is not null and bounded.uses_of_customer > bounded.most_per_customer
order by fault, kind, code, order_id, customer;
