-- Brings the locations $2 into the location group $1, where they are not in it yet.
insert into location_group_member (location_group, location)
select
    $1::text as location_group,
    fresh.location
from unnest($2::text[]) as fresh (location)
on conflict on constraint location_group_member_pkey do nothing;
