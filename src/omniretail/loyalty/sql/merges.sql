-- The merges of accounts $1.
select
    merged.id,
    merged.source_id,
    merged.target_id,
    merged.lots,
    merged.members,
    merged.debt_points,
    merged.merged_at,
    merged.merged_by,
    merged.reason,
    merged.undone_at,
    merged.undone_by
from loyalty_merge as merged
where merged.id = any($1::uuid[]);
