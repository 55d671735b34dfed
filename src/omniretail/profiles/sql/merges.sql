-- The merges $1, each with how much it moved, by kind.
select
    merge.id,
    merge.source_id,
    merge.target_id,
    merge.reason,
    merge.merged_at,
    merge.merged_by,
    merge.undone_at,
    merge.undone_by,
    counted.moved
from unnest($1::uuid[]) as wanted (id)
cross join
    lateral (
        select customer_merge.*
        from customer_merge
        where customer_merge.id = wanted.id
        limit 1
    ) as merge
cross join lateral (
    select coalesce(json_object_agg(kinds.kind, kinds.units), '{}'::json) as moved
    from (
        select
            item.kind,
            count(*) as units
        from customer_merge_item as item
        where item.merge_id = merge.id
        group by item.kind
    ) as kinds
) as counted;
