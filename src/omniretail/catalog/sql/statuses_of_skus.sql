-- The status of each SKU of $1 that exists.
select
    sku.code,
    sku.status
from sku
where sku.code = any($1::text[]);
