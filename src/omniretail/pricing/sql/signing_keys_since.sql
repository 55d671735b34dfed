-- The signing keys that changed since book version $1, retired ones among them.
select
    signing_key.id,
    signing_key.private_key,
    signing_key.public_key,
    signing_key.created_at,
    signing_key.retired_at
from signing_key
where signing_key.book_version > $1::bigint;
