-- How many uses and live claims at $3 customers have of coupons: ($1 codes, $2 customers).
select
    asked.code,
    asked.customer,
    used.units
from unnest($1::text[], $2::text[]) as asked (code, customer)
cross join
    lateral (
        select count(*) as units
        from usage
        where
            usage.kind = 'coupon'
            and usage.code = asked.code
            and usage.customer = asked.customer
            and usage.state <> 'freed'
            and (usage.state = 'used' or usage.expires_at > $3::timestamptz)
    ) as used
where used.units > 0;
