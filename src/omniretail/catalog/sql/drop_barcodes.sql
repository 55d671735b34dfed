-- Takes the barcodes off the SKUs $1, before they are put anew.
delete from sku_barcode
where sku_barcode.sku = any($1::text[]);
