-- Retires the signing keys that are not $1, at $2, as of book version $3.
update signing_key
set retired_at = $2::timestamptz, book_version = $3::bigint
where signing_key.id <> $1::text and signing_key.retired_at is null;
