-- The fulfillment policies of the locations $1, where they have one.
select
    policy.location,
    policy.pickup_hours,
    policy.reminder_hours,
    policy.daily_capacity,
    policy.version
from fulfillment_policy as policy
where policy.location = any($1::text[]);
