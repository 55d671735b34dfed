-- Locks the locations $1 in the order of their codes and returns their versions.
select
    location.code,
    location.version
from location
where location.code = any($1::text[])
order by location.code
for update;
