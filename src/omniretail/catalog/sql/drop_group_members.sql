-- Takes every location but $2 out of the location group $1.
delete from location_group_member
where
    location_group_member.location_group = $1::text
    and location_group_member.location <> all($2::text[]);
