-- Creates SKUs or replaces what they say of themselves.
insert into sku (code, name, tax_class, status, search_text, version, updated_at)
select
    fresh.code,
    fresh.name,
    fresh.tax_class,
    fresh.status,
    fresh.search_text,
    fresh.version,
    $7::timestamptz
from
    unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[])
        as fresh (code, name, tax_class, status, search_text, version)
on conflict on constraint sku_pkey do update set
    name = excluded.name,
    tax_class = excluded.tax_class,
    status = excluded.status,
    search_text = excluded.search_text,
    version = sku.version + 1,
    updated_at = excluded.updated_at;
