-- Forgets what the merges moved that one of the customers $1 was part of, and why they were made.
with own as (
    update customer_merge
    set reason = null
    where customer_merge.source_id = any($1::uuid[]) or customer_merge.target_id = any($1::uuid[])
    returning customer_merge.id
)

delete from customer_merge_item
using own
where customer_merge_item.merge_id = own.id;
