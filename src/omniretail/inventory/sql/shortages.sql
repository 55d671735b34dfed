-- Shortage cases older than $5, the latest first, at most $6, with the levels they stand for; of SKU $1,
-- location $2, one of the locations $3, closed or not ($4), with identity among $7, each where given.
select
    shortage.id,
    shortage.sku,
    shortage.location,
    shortage.missing,
    shortage.opened_at,
    shortage.document_type,
    shortage.document_id,
    shortage.note,
    shortage.closed_at,
    shortage.closed_by,
    level.on_hand,
    level.allocated,
    level.damaged,
    level.quality_control
from shortage
inner join stock_level as level on shortage.sku = level.sku and shortage.location = level.location
where
    ($1::text is null or shortage.sku = $1::text)
    and ($2::text is null or shortage.location = $2::text)
    and ($3::text[] is null or shortage.location = any($3::text[]))
    and ($4::boolean is null or (shortage.closed_at is not null) = $4::boolean)
    and ($5::uuid is null or shortage.id < $5::uuid)
    and ($7::uuid[] is null or shortage.id = any($7::uuid[]))
order by shortage.id desc
limit $6::integer;
