-- Creates the fulfillment policy of the location $1 at version $5, or replaces it where it stands at the
-- one before. Two that create it at once: the second one waits here for the first, and writes no row.
insert into fulfillment_policy as policy (
    location,
    pickup_hours,
    reminder_hours,
    daily_capacity,
    version,
    updated_at
)
values ($1::text, $2::integer, $3::integer, $4::integer, $5::integer, $6::timestamptz)
on conflict on constraint fulfillment_policy_pkey do update set
    pickup_hours = excluded.pickup_hours,
    reminder_hours = excluded.reminder_hours,
    daily_capacity = excluded.daily_capacity,
    version = excluded.version,
    updated_at = excluded.updated_at
where policy.version + 1 = excluded.version;
