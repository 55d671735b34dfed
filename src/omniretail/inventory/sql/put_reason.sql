-- Creates a reason or replaces what it says of itself.
insert into stock_reason (code, name, direction, status, updated_at)
values ($1::text, $2::text, $3::text, $4::text, $5::timestamptz)
on conflict on constraint stock_reason_pkey do update set
    name = excluded.name,
    direction = excluded.direction,
    status = excluded.status,
    updated_at = excluded.updated_at;
