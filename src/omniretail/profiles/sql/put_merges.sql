-- Writes the merges of the JSON array $1, or that they were undone. Their customers are locked.
insert into customer_merge (
    id, source_id, target_id, reason, merged_at, merged_by, undone_at, undone_by
)
select
    said.id,
    said.source_id,
    said.target_id,
    said.reason,
    said.merged_at,
    said.merged_by,
    said.undone_at,
    said.undone_by
from
    json_to_recordset($1::json)
        as said (
            id uuid,
            source_id uuid,
            target_id uuid,
            reason text,
            merged_at timestamptz,
            merged_by uuid,
            undone_at timestamptz,
            undone_by uuid
        )
on conflict on constraint customer_merge_pkey do update
    set
        undone_at = excluded.undone_at,
        undone_by = excluded.undone_by;
