-- Has the uses and claims $1, which are locked, name the customers $2, where they name one of $3 now.
update usage
set customer = said.customer
from unnest($1::uuid[], $2::text[]) as said (id, customer)
where
    usage.id = said.id
    and usage.customer = any($3::text[])
    -- Bounds the read also where the plan was made while the table was still empty.
    and usage.id = any($1::uuid[]);
