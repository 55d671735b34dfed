-- Has the claims $1, which are locked, name the customers $2, where they name one of $3 now.
update claim
set customer = said.customer
from unnest($1::uuid[], $2::text[]) as said (id, customer)
where
    claim.id = said.id
    and claim.customer = any($3::text[])
    -- Bounds the read also where the plan was made while the table was still empty.
    and claim.id = any($1::uuid[]);
