-- Writes the fulfillments of new orders.
insert into fulfillment (id, order_id, number, kind, location, state)
select
    fresh.id,
    fresh.order_id,
    fresh.number,
    fresh.kind,
    fresh.location,
    fresh.state
from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[])
    as fresh (id, order_id, number, kind, location, state);
