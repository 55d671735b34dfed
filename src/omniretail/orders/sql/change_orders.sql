-- Counts up the versions of orders, whose rows are locked.
update sales_order
set version = change.version
from unnest($1::uuid[], $2::integer[]) as change (id, version)
where sales_order.id = change.id;
