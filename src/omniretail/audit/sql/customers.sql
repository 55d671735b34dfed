-- Identities, consents and notes that are not of an active customer, but for consents of erased ones, and
-- customers who were merged into none.
with part as (
    select
        'identity' as what,
        customer_identity.customer_id
    from customer_identity
    union all
    select
        'consent' as what,
        customer_consent.customer_id
    from customer_consent
    union all
    select
        'note' as what,
        customer_note.customer_id
    from customer_note
    union all
    select
        'merged' as what,
        customer.merged_into
    from customer
    where customer.merged_into is not null
)

select
    part.what,
    part.customer_id,
    customer.status
from part
left join customer on part.customer_id = customer.id
where
    customer.status is distinct from 'active'
    and not (part.what = 'consent' and coalesce(customer.status = 'erased', false))
order by part.what, part.customer_id;
