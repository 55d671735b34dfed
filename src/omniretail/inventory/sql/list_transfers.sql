-- Transfers from location $1 to location $2 in state $3, with an end among the locations $4, older
-- than $5, each where given, the latest first, at most $6.
select transfer.id
from transfer
where
    ($1::text is null or transfer.source = $1::text)
    and ($2::text is null or transfer.destination = $2::text)
    and ($3::text is null or transfer.state = $3::text)
    and (
        $4::text[] is null
        or transfer.source = any($4::text[])
        or transfer.destination = any($4::text[])
    )
    and ($5::uuid is null or transfer.id < $5::uuid)
order by transfer.id desc
limit $6::integer;
