-- Revokes the live key with prefix $1, at $2.
update api_key
set revoked_at = $2::timestamptz
where prefix = $1::text and revoked_at is null;
