-- The active customers whose family names are from $1 to before $2, without case, in the order of these,
-- those after customer $3, at most $4.
select customer.id
from customer
left join customer as past on past.id = $3::uuid
where
    customer.status = 'active'
    and customer.family_name_key >= coalesce(past.family_name_key, $1::text)
    and customer.family_name_key < $2::text
    and (past.id is null or customer.family_name_key > past.family_name_key or customer.id > past.id)
order by customer.family_name_key, customer.id
limit $4::integer;
