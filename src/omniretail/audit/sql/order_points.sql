-- Orders whose record says something else of what they earned and spent than the entries that name them, than
-- the lots that paid, or than their tenders and reward do; orders with a record and no account, or with a
-- points tender and no record. What the programme forgave was taken from nobody. Points of a tender come back
-- as its money does, but for less than one: what was refunded of its amount, or voided. And accounts whose
-- qualifying points of a day are not what their orders of that day say.
with entered as (
    select
        entry.order_id,
        sum(entry.points) filter (where entry.type = 'earned') as earned,
        sum(entry.points) filter (where entry.type in ('reversed', 'absorbed')) as reversed,
        sum(entry.points) filter (where entry.type = 'spent') as spent,
        sum(entry.points) filter (where entry.type = 'restored') as restored
    from loyalty_entry as entry
    where
        entry.order_id is not null
        and entry.type in ('earned', 'reversed', 'absorbed', 'spent', 'restored')
    group by entry.order_id
),

entered_by_tender as (
    select
        entry.order_id,
        entry.tender_number,
        sum(entry.points) filter (where entry.type = 'spent') as spent,
        sum(entry.points) filter (where entry.type = 'restored') as restored
    from loyalty_entry as entry
    where entry.order_id is not null and entry.type in ('spent', 'restored')
    group by entry.order_id, entry.tender_number
),

spent_by_tender as (
    select
        spending.order_id,
        spending.tender_number,
        sum(spending.points) as spent,
        sum(spending.restored) as restored
    from loyalty_spending as spending
    group by spending.order_id, spending.tender_number
),

spent_by_order as (
    select
        tendered.order_id,
        sum(tendered.spent) as spent,
        sum(tendered.restored) as restored
    from spent_by_tender as tendered
    group by tendered.order_id
),

asked as (
    select
        tender.order_id,
        tender.number as tender_number,
        tender.points,
        tender.amount_minor,
        tender.voided_minor + coalesce(given.back_minor, 0) as back_minor
    from tender
    cross join
        lateral (
            select sum(refund.amount_minor) as back_minor
            from refund
            where
                refund.order_id = tender.order_id
                and refund.tender_number = tender.number
                and refund.method is null
        ) as given
    where tender.type = 'points'
    union all
    select
        sales_order.id as order_id,
        0 as tender_number,
        sales_order.reward_points as points,
        null as amount_minor,
        null as back_minor
    from sales_order
    where sales_order.reward_points > 0
),

qualified as (
    select
        record.account_id,
        record.day,
        sum(record.qualifying_points) as points
    from loyalty_order as record
    group by record.account_id, record.day
)

select
    coalesce(record.order_id, entered.order_id) as order_id,
    null::integer as tender_number,
    'record' as what,
    record.earned_points as stated_earned,
    entered.earned,
    record.reversed_points - record.forgiven_points as stated_reversed,
    entered.reversed,
    record.spent_points as stated_spent,
    entered.spent,
    record.restored_points as stated_restored,
    entered.restored
from loyalty_order as record
full join entered on record.order_id = entered.order_id
left join spent_by_order as spending on record.order_id = spending.order_id
left join sales_order on record.order_id = sales_order.id
where
    record.earned_points is distinct from coalesce(entered.earned, 0)
    or record.reversed_points - record.forgiven_points is distinct from coalesce(entered.reversed, 0)
    or record.spent_points is distinct from coalesce(entered.spent, 0)
    or record.restored_points is distinct from coalesce(entered.restored, 0)
    or record.spent_points is distinct from coalesce(spending.spent, 0)
    or record.restored_points is distinct from coalesce(spending.restored, 0)
    or sales_order.loyalty_account is null
union all
select
    coalesce(asked.order_id, spending.order_id, entered.order_id) as order_id,
    coalesce(asked.tender_number, spending.tender_number, entered.tender_number) as tender_number,
    'tender' as what,
    null as stated_earned,
    null as earned,
    null as stated_reversed,
    null as reversed,
    asked.points as stated_spent,
    spending.spent,
    entered.restored as stated_restored,
    spending.restored
from asked
full join spent_by_tender as spending
    on asked.order_id = spending.order_id and asked.tender_number = spending.tender_number
full join entered_by_tender as entered
    on
        coalesce(asked.order_id, spending.order_id) = entered.order_id
        and coalesce(asked.tender_number, spending.tender_number) = entered.tender_number
where
    asked.points is distinct from spending.spent
    or spending.spent is distinct from entered.spent
    or spending.restored is distinct from coalesce(entered.restored, 0)
    or abs(spending.restored * asked.amount_minor - asked.points * asked.back_minor) >= asked.amount_minor
union all
select
    null as order_id,
    null as tender_number,
    'qualifying of ' || coalesce(day.account_id, qualified.account_id) || ' on '
    || coalesce(day.day, qualified.day) as what,
    day.qualifying as stated_earned,
    qualified.points as earned,
    null as stated_reversed,
    null as reversed,
    null as stated_spent,
    null as spent,
    null as stated_restored,
    null as restored
from loyalty_day as day
full join qualified on day.account_id = qualified.account_id and day.day = qualified.day
where coalesce(day.qualifying, 0) <> coalesce(qualified.points, 0)
order by order_id, tender_number, what;
