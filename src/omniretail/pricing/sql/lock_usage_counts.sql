-- Locks the counts of uses of ($1 kinds, $2 codes), in the order of kind and code. Claims are read after
-- that, by a statement of their own: what another transaction claimed while this one waited is not
-- in the snapshot that this one began with.
select
    usage_count.kind,
    usage_count.code,
    usage_count.used
from usage_count
where
    (usage_count.kind, usage_count.code) in (
        select
            asked.kind,
            asked.code
        from unnest($1::text[], $2::text[]) as asked (kind, code)
    )
    -- Bounds the read, whatever the planner knows of the table.
    and usage_count.kind = any($1::text[])
    and usage_count.code = any($2::text[])
order by usage_count.kind, usage_count.code
for update;
