-- Events of the documents $1 that occurred before the moment $2, or at it with an identity before $3, the
-- latest first, at most $4: each document's events occurred in the order of their numbers.
select
    found.id,
    found.document_type,
    found.document_id,
    found.sequence,
    found.type,
    found.occurred_at,
    found.actor_id,
    found.channel,
    found.data
from unnest($1::uuid[]) as named (document_id)
cross join
    lateral (
        select
            event.id,
            event.document_type,
            event.document_id,
            event.sequence,
            event.type,
            event.occurred_at,
            event.actor_id,
            event.channel,
            event.data
        from event
        where
            event.document_id = named.document_id
            and (
                $2::timestamptz is null
                or (event.occurred_at, event.id) < ($2::timestamptz, $3::uuid)
            )
        order by event.sequence desc
        limit $4::integer
    ) as found
order by found.occurred_at desc, found.id desc
limit $4::integer;
