-- Locks the location group $1 and returns its version.
select location_group.version from location_group
where location_group.code = $1::text
for update;
