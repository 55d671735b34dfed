-- Writes new counting tasks.
insert into count_task (
    id, location, assigned_to, review_threshold, note, due_at, created_at, created_by, version,
    document_type, document_id
)
select
    fresh.id,
    fresh.location,
    fresh.assigned_to,
    fresh.review_threshold,
    fresh.note,
    fresh.due_at,
    fresh.created_at,
    fresh.created_by,
    fresh.version,
    fresh.document_type,
    fresh.document_id
from
    unnest(
        $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[],
        $7::timestamptz[], $8::uuid[], $9::integer[], $10::text[], $11::uuid[]
    )
        as fresh (
            id, location, assigned_to, review_threshold, note, due_at, created_at, created_by,
            version, document_type, document_id
        );
