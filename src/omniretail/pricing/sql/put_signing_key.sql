-- Adds the signing key $1 as of book version $4.
insert into signing_key (id, private_key, public_key, book_version, created_at)
values ($1::text, $2::bytea, $3::bytea, $4::bigint, $5::timestamptz);
