-- Every location as an import takes it.
select
    location.code,
    location.name,
    location.kind,
    location.time_zone,
    location.latitude,
    location.longitude,
    case
        when cardinality(location.capabilities) = 0 then 'none'
        else array_to_string(location.capabilities, ' ')
    end as capabilities,
    location.status,
    location.safety_stock,
    location.region
from location
order by location.code;
