-- Extends the holds $1 to $2, with their open lines, whose levels are locked.
with extended as (
    update hold
    set expires_at = change.expires_at
    from unnest($1::uuid[], $2::timestamptz[]) as change (id, expires_at)
    where hold.id = change.id and hold.id = any($1::uuid[])
    returning hold.id, hold.expires_at
)

update hold_line
set expires_at = extended.expires_at
from extended
where
    hold_line.hold_id = extended.id
    and hold_line.hold_id = any($1::uuid[])
    and hold_line.closed_at is null;
