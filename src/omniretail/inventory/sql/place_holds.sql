-- Writes holds.
insert into hold (id, principal_id, channel, reference, created_at, expires_at)
select
    placed.id,
    placed.principal_id,
    placed.channel,
    placed.reference,
    placed.created_at,
    placed.expires_at
from
    unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[]
    )
        as placed (id, principal_id, channel, reference, created_at, expires_at);
