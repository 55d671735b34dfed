-- The merges that customer $1 was part of, the latest first, before $2, at most $3.
select found.id
from (
    (
        select merge.id
        from customer_merge as merge
        where merge.source_id = $1::uuid and ($2::uuid is null or merge.id < $2::uuid)
        order by merge.id desc
        limit $3::integer
    )
    union all
    (
        select merge.id
        from customer_merge as merge
        where merge.target_id = $1::uuid and ($2::uuid is null or merge.id < $2::uuid)
        order by merge.id desc
        limit $3::integer
    )
) as found
order by found.id desc
limit $3::integer;
