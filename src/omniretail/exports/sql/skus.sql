-- Every SKU as an import takes it; kits after what they may be made of.
select
    sku.code,
    sku.name,
    sku.tax_class,
    sku.status,
    (
        select string_agg(barcode.printed, ' ' order by barcode.printed)
        from sku_barcode as barcode
        where barcode.sku = sku.code and barcode.kind = 'gtin'
    ) as barcodes,
    (
        select string_agg(barcode.printed, ' ' order by barcode.printed)
        from sku_barcode as barcode
        where barcode.sku = sku.code and barcode.kind = 'internal'
    ) as internal_barcodes,
    sku.tracking,
    (
        select string_agg(part.key || ':' || part.value, '/' order by part.key)
        from jsonb_each_text(sku.components) as part
    ) as components,
    sku.ordering ->> 'policy' as ordering,
    sku.ordering ->> 'limit' as ordering_limit,
    to_char(
        (sku.ordering ->> 'ships_at')::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    ) as ships_at,
    array_to_string(sku.categories, ' ') as categories
from sku
order by sku.components is not null, sku.code;
