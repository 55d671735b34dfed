-- Notes that the holds $1 were released at $2.
update hold
set released_at = $2::timestamptz
where hold.id = any($1::uuid[]);
