-- All that documents may call the customer $1 by: the id, those of whom were merged into it, and the external
-- ids and loyalty cards of them all.
with one as materialized (
    select $1::uuid as id
    union all
    select customer.id
    from customer
    where customer.merged_into = $1::uuid
)

select one.id::text as reference
from one
union all
select known.value as reference
from one
cross join
    lateral (
        select part.value
        from customer_identity as part
        where part.customer_id = one.id and part.kind in ('external_id', 'loyalty_card')
    ) as known;
