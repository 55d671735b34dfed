-- Locks the SKUs $1 in the order of their codes and returns their versions.
select
    sku.code,
    sku.version
from sku
where sku.code = any($1::text[])
order by sku.code
for update;
