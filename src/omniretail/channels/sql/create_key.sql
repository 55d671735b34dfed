-- Writes a new key.
insert into api_key (
    id, prefix, secret_hash, kind, name, scopes, channel, locations, created_at
)
values (
    $1::uuid, $2::text, $3::bytea, $4::text, $5::text, $6::text[], $7::text, $8::text[],
    $9::timestamptz
);
