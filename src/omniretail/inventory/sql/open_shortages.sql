-- Opens shortage cases at $7. Race: a place has one open case; who opens a second runs again.
insert into shortage (
    id, sku, location, missing, opened_at, document_type, document_id
)
select
    fresh.id,
    fresh.sku,
    fresh.location,
    fresh.missing,
    $7::timestamptz as opened_at,
    fresh.document_type,
    fresh.document_id
from
    unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::uuid[])
        as fresh (id, sku, location, missing, document_type, document_id);
