-- How a channel's orders find their locations; a channel without a row goes by the defaults.

create table sourcing_policy (
    channel text not null,
    rules text[] not null,
    max_distance_km integer,
    max_locations integer not null,
    cooling_off_hours integer not null,
    max_attempts integer not null,
    version integer not null,
    updated_at timestamp with time zone not null,
    constraint sourcing_policy_pkey primary key (channel),
    constraint sourcing_policy_channel_fkey foreign key (channel) references channel (code),
    constraint sourcing_policy_rules_known check (
        rules <@ array['preferred', 'fewest_splits', 'proximity', 'highest_stock']
    ),
    constraint sourcing_policy_distance_positive check (max_distance_km > 0),
    constraint sourcing_policy_locations_positive check (max_locations > 0),
    constraint sourcing_policy_cooling_not_negative check (cooling_off_hours >= 0),
    constraint sourcing_policy_attempts_positive check (max_attempts > 0)
);

-- How a location serves orders: how long pickups wait, how many fulfillments it may ship a day.

create table fulfillment_policy (
    location text not null,
    pickup_hours integer not null,
    reminder_hours integer not null,
    daily_capacity integer,
    version integer not null,
    updated_at timestamp with time zone not null,
    constraint fulfillment_policy_pkey primary key (location),
    constraint fulfillment_policy_location_fkey foreign key (location) references location (code),
    constraint fulfillment_policy_pickup_positive check (pickup_hours > 0),
    constraint fulfillment_policy_reminder_within_pickup check (
        reminder_hours between 0 and pickup_hours
    ),
    constraint fulfillment_policy_capacity_not_negative check (daily_capacity >= 0)
);

-- By which the fulfillments are counted that a location was given since a moment.
create index fulfillment_given_idx on fulfillment (location, id) where kind in ('ship', 'ship_to_store');

-- Who sells may ask where an order would be served from, as new keys may.
update api_key
set scopes = scopes || array['sourcing:read']
where 'orders:write' = any(scopes) and not scopes && array['sourcing:read'];
