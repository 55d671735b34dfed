-- All that named customer $1, or whom it became: their ids, those of the customers merged into them, and
-- what all of these are known by.
with person as materialized (
    select customer.id
    from customer
    where customer.id = $1::uuid
    union all
    select customer.id
    from customer
    where customer.merged_into = $1::uuid
)

select
    person.id,
    'id' as kind,
    person.id::text as value
from person
union all
select
    person.id,
    known.kind,
    known.value
from person
cross join
    lateral (
        select
            part.kind,
            part.value
        from customer_identity as part
        where
            part.customer_id = person.id
            and part.kind in ('external_id', 'loyalty_card', 'email')
    ) as known;
