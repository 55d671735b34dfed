-- Writes what merges moved: merges $1, kinds $2, keys $3, how each named its customer before $4.
insert into customer_merge_item (merge_id, kind, key, was)
select
    moved.merge_id,
    moved.kind,
    moved.key,
    moved.was
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as moved (merge_id, kind, key, was);
