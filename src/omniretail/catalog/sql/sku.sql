-- SKU $1.
select
    sku.code,
    sku.name,
    sku.tax_class,
    sku.status,
    sku.categories,
    sku.tracking,
    sku.components,
    sku.ordering,
    sku.version
from sku
where sku.code = $1::text;
