-- The tenders of the orders $1, each with what was given back of it, and by which other methods.
select
    tender.order_id,
    tender.number,
    tender.type,
    tender.amount_minor,
    tender.reference,
    tender.rounding_minor,
    tender.cash_step_minor,
    tender.uncaptured_minor,
    tender.voided_minor,
    tender.payment_id,
    tender.account_id,
    tender.owed_minor,
    tender.card_token,
    tender.points,
    coalesce(given_back.amount_minor, 0)::bigint as refunded_minor,
    coalesce(given_back.rounding_minor, 0)::bigint as refunded_rounding_minor,
    given_back.otherwise
from tender
cross join
    lateral (
        select
            sum(way.amount_minor) as amount_minor,
            sum(way.rounding_minor) as rounding_minor,
            json_object_agg(way.method, way.amount_minor - way.rounding_minor)
            filter (where way.method is not null) as otherwise
        from (
            select
                refund.method,
                sum(refund.amount_minor) as amount_minor,
                sum(refund.rounding_minor) as rounding_minor
            from refund
            where refund.order_id = tender.order_id and refund.tender_number = tender.number
            group by refund.method
        ) as way
    ) as given_back
where tender.order_id = any($1::uuid[])
order by tender.order_id, tender.number;
