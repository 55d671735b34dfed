-- All that named customer $1, or whom it became: their ids, those of the customers merged into them, and
-- what all of these are known by.
with person as (
    select customer.id
    from customer
    where customer.id = $1::uuid or customer.merged_into = $1::uuid
)

select
    person.id,
    'id' as kind,
    person.id::text as value
from person
union all
select
    person.id,
    part.kind,
    part.value
from person
inner join customer_identity as part on person.id = part.customer_id
where part.kind in ('external_id', 'loyalty_card', 'email');
