-- Counts up the versions of orders, whose rows are locked, and keeps what edits made of their totals,
-- and returns of their shipping, and whose they turned out to be.
update sales_order
set
    version = change.version,
    total_minor = change.total_minor,
    exchanged_minor = change.exchanged_minor,
    shipping_kept = change.shipping_kept,
    customer = change.customer,
    loyalty_account = change.loyalty_account
from
    unnest(
        $1::uuid[], $2::integer[], $3::bigint[], $4::bigint[], $5::boolean[], $6::text[], $7::uuid[]
    )
        as change (
            id, version, total_minor, exchanged_minor, shipping_kept, customer, loyalty_account
        )
where
    sales_order.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and sales_order.id = any($1::uuid[]);
