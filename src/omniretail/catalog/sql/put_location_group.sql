-- Creates the location group $1 at version $3, or names it anew where it stands at the one before. Two
-- that create it at once: the second one waits here for the first, and writes no row.
insert into location_group (code, name, version, updated_at)
values ($1::text, $2::text, $3::integer, $4::timestamptz)
on conflict on constraint location_group_pkey do update set
    name = excluded.name,
    version = excluded.version,
    updated_at = excluded.updated_at
where location_group.version + 1 = excluded.version;
