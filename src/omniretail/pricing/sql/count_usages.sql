-- Counts uses up or down: ($1 kinds, $2 codes, $3 changes). Their rows are locked.
update usage_count
set used = usage_count.used + change.units
from unnest($1::text[], $2::text[], $3::integer[]) as change (kind, code, units)
where
    usage_count.kind = change.kind
    and usage_count.code = change.code
    -- Bounds the read also where the plan was made while the table was still empty.
    and usage_count.code = any($2::text[]);
