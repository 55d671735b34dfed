-- All that merge $1 moved.
select
    item.kind,
    item.key,
    item.was
from customer_merge_item as item
where item.merge_id = $1::uuid
order by item.kind, item.key;
