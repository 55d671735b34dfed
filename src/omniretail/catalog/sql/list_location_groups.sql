-- Location groups by code, behind $1, at most $2, each with its locations by code.
select
    location_group.code,
    location_group.name,
    location_group.version,
    array(
        select member.location from location_group_member as member
        where member.location_group = location_group.code
        order by member.location
    ) as locations
from location_group
where location_group.code > $1::text
order by location_group.code
limit $2::integer;
