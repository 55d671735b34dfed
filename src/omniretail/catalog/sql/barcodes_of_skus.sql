-- The barcodes of the SKUs $1.
select
    sku_barcode.sku,
    sku_barcode.kind,
    sku_barcode.printed
from sku_barcode
where sku_barcode.sku = any($1::text[])
order by sku_barcode.sku, sku_barcode.printed;
