-- Fulfillments at locations $1 in state $2, of kind $3 (null: any), the oldest first, behind $4, at
-- most $5.
select fulfillment.id, fulfillment.order_id
from fulfillment
where
    fulfillment.location = any($1::text[])
    and fulfillment.state = $2::text
    and ($3::text is null or fulfillment.kind = $3::text)
    and ($4::uuid is null or fulfillment.id > $4::uuid)
order by fulfillment.id
limit $5::integer;
