-- Has the returns $1, which are locked, name the customers $2, where they name one of $3 now.
update sales_return
set customer = said.customer
from unnest($1::uuid[], $2::text[]) as said (id, customer)
where
    sales_return.id = said.id
    and sales_return.customer = any($3::text[])
    -- Bounds the read also where the plan was made while the table was still empty.
    and sales_return.id = any($1::uuid[]);
