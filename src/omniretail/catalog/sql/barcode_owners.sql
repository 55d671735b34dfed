-- Who has the barcodes $1, and which barcodes the SKUs $2 have.
select
    sku_barcode.normalized,
    sku_barcode.sku
from sku_barcode
where sku_barcode.normalized = any($1::text[]) or sku_barcode.sku = any($2::text[]);
