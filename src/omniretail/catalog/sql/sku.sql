-- SKU $1.
select
    sku.code,
    sku.name,
    sku.tax_class,
    sku.status,
    sku.version
from sku
where sku.code = $1::text;
