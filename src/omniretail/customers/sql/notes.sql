-- What was noted about customer $1, the latest first, before $2, at most $3.
select
    note.id,
    note.text,
    note.noted_at,
    note.actor_id,
    note.channel
from customer_note as note
where note.customer_id = $1::uuid and ($2::uuid is null or note.id < $2::uuid)
order by note.id desc
limit $3::integer;
