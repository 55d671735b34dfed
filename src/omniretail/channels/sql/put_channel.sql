-- Creates channel $1 or replaces what it says of itself.
insert into channel (code, name, kind, currency, region, updated_at)
values ($1::text, $2::text, $3::text, $4::text, $5::text, $6::timestamptz)
on conflict on constraint channel_pkey do update set
    name = excluded.name,
    kind = excluded.kind,
    currency = excluded.currency,
    region = excluded.region,
    updated_at = excluded.updated_at;
