-- The locations of $1 that exist.
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
    location.region
from location
where location.code = any($1::text[]);
