-- Writes the merges of the JSON array $1, new ones or those into locked accounts, as they are now.
insert into loyalty_merge (
    id, source_id, target_id, lots, members, debt_points, merged_at, merged_by, reason, undone_at, undone_by
)
select
    put.id,
    put.source_id,
    put.target_id,
    put.lots,
    put.members,
    put.debt_points,
    put.merged_at,
    put.merged_by,
    put.reason,
    put.undone_at,
    put.undone_by
from json_populate_recordset(null::loyalty_merge, $1::json) as put
on conflict (id) do update set
    undone_at = excluded.undone_at,
    undone_by = excluded.undone_by;
