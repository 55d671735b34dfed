-- Creates locations or replaces what they say of themselves.
insert into location (
    code, name, kind, time_zone, latitude, longitude, capabilities, status, safety_stock, version,
    region, updated_at
)
select
    fresh.code,
    fresh.name,
    fresh.kind,
    fresh.time_zone,
    fresh.latitude,
    fresh.longitude,
    string_to_array(fresh.capabilities, ',') as capabilities,
    fresh.status,
    fresh.safety_stock,
    fresh.version,
    fresh.region,
    $12::timestamptz
from
    unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::double precision[], $6::double precision[],
        $7::text[], $8::text[], $9::integer[], $10::integer[], $11::text[]
    )
        as fresh (
            code, name, kind, time_zone, latitude, longitude, capabilities, status, safety_stock,
            version, region
        )
on conflict on constraint location_pkey do update set
    name = excluded.name,
    kind = excluded.kind,
    time_zone = excluded.time_zone,
    latitude = excluded.latitude,
    longitude = excluded.longitude,
    capabilities = excluded.capabilities,
    status = excluded.status,
    safety_stock = excluded.safety_stock,
    region = excluded.region,
    version = location.version + 1,
    updated_at = excluded.updated_at;
