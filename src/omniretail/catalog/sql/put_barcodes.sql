-- Gives SKUs their barcodes.
insert into sku_barcode (normalized, sku, kind, printed)
select
    fresh.normalized,
    fresh.sku,
    fresh.kind,
    fresh.printed
from unnest($1::text[], $2::text[], $3::text[], $4::text[])
    as fresh (normalized, sku, kind, printed);
