-- Every location, and how many more fulfillments those with a daily capacity may be given to ship; null is
-- any number. $1 is what stands before every identity of this day. No more rows are counted than the
-- capacity. Race: nothing is locked, so orders placed at this moment may go a little beyond it.
select
    location.code,
    location.name,
    location.kind,
    location.time_zone,
    location.latitude,
    location.longitude,
    location.capabilities,
    location.status,
    location.safety_stock,
    location.region,
    limited.daily_capacity - given.quantity as room
from location
left join lateral (
    select policy.daily_capacity
    from fulfillment_policy as policy
    where policy.location = location.code and policy.daily_capacity is not null
    limit 1
) as limited on true
left join lateral (
    select count(*)::integer as quantity
    from (
        select fulfillment.id
        from fulfillment
        where
            limited.daily_capacity is not null
            and fulfillment.location = location.code
            and fulfillment.kind in ('ship', 'ship_to_store')
            and fulfillment.id >= $1::uuid
        limit limited.daily_capacity
    ) as today
) as given on true;
