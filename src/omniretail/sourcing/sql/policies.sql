-- The sourcing policies of the channels $1, where they have one.
select
    policy.channel,
    policy.rules,
    policy.max_distance_km,
    policy.max_locations,
    policy.cooling_off_hours,
    policy.max_attempts,
    policy.version
from sourcing_policy as policy
where policy.channel = any($1::text[]);
