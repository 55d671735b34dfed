-- All that customer $1 decided, the latest recorded first, before $2, at most $3.
select
    consent.id,
    consent.purpose,
    consent.granted,
    consent.decided_at,
    consent.channel,
    consent.actor_id,
    consent.source,
    consent.recorded_at
from customer_consent as consent
where consent.customer_id = $1::uuid and ($2::uuid is null or consent.id < $2::uuid)
order by consent.id desc
limit $3::integer;
