-- Who holds the keys $1, those that were revoked left out.
select
    api_key.id,
    api_key.kind,
    api_key.name,
    api_key.scopes,
    api_key.channel,
    api_key.locations
from api_key
where
    api_key.id = any($1::uuid[])
    and api_key.revoked_at is null;
