-- Whom the references $1 name: by id, where $2 says that one is one; by external id; by loyalty card, as $3
-- writes it. The first of these counts. Who was merged into another is that other; erased ones are nobody.
select
    wanted.reference,
    standing.id,
    standing.customer_groups,
    standing.status
from unnest($1::text[], $2::uuid[], $3::text[]) as wanted (reference, id, card)
cross join
    lateral (
        select
            1 as place,
            customer.id
        from customer
        where customer.id = wanted.id
        union all
        select
            2 as place,
            part.customer_id
        from customer_identity as part
        where part.kind = 'external_id' and part.issuer = '' and part.value = wanted.reference
        union all
        select
            3 as place,
            part.customer_id
        from customer_identity as part
        where part.kind = 'loyalty_card' and part.issuer = '' and part.value = wanted.card
        order by 1
        limit 1
    ) as named
cross join
    lateral (
        select coalesce(customer.merged_into, customer.id) as id
        from customer
        where customer.id = named.id
        limit 1
    ) as led
cross join
    lateral (
        select
            customer.id,
            customer.customer_groups,
            customer.status
        from customer
        where customer.id = led.id
        limit 1
    ) as standing
where standing.status = 'active';
