-- Counts up the versions of orders, whose rows are locked.
update sales_order
set version = change.version
from unnest($1::uuid[], $2::integer[]) as change (id, version)
where
    sales_order.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and sales_order.id = any($1::uuid[]);
