-- Creates the sourcing policy of the channel $1 at version $7, or replaces it where it stands at the one
-- before. Two that create it at once: the second one waits here for the first, and writes no row.
insert into sourcing_policy as policy (
    channel,
    rules,
    max_distance_km,
    max_locations,
    cooling_off_hours,
    max_attempts,
    version,
    updated_at
)
values (
    $1::text,
    $2::text[],
    $3::integer,
    $4::integer,
    $5::integer,
    $6::integer,
    $7::integer,
    $8::timestamptz
)
on conflict on constraint sourcing_policy_pkey do update set
    rules = excluded.rules,
    max_distance_km = excluded.max_distance_km,
    max_locations = excluded.max_locations,
    cooling_off_hours = excluded.cooling_off_hours,
    max_attempts = excluded.max_attempts,
    version = excluded.version,
    updated_at = excluded.updated_at
where policy.version + 1 = excluded.version;
