-- Creates SKUs or replaces what they say of themselves. Two that create one SKU at once in different
-- shapes: the second one finds the first one's, writes fewer rows than it has, and runs again.
insert into sku (
    code, name, tax_class, status, search_text, version, tracking, components, ordering, categories,
    updated_at
)
select
    fresh.code,
    fresh.name,
    fresh.tax_class,
    fresh.status,
    fresh.search_text,
    fresh.version,
    fresh.tracking,
    fresh.components::jsonb,
    fresh.ordering::jsonb,
    string_to_array(fresh.categories, ',') as categories,
    $11::timestamptz
from
    unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[],
        $8::text[], $9::text[], $10::text[]
    )
        as fresh (
            code, name, tax_class, status, search_text, version, tracking, components, ordering,
            categories
        )
on conflict on constraint sku_pkey do update set
    name = excluded.name,
    tax_class = excluded.tax_class,
    status = excluded.status,
    search_text = excluded.search_text,
    version = sku.version + 1,
    components = excluded.components,
    ordering = excluded.ordering,
    categories = excluded.categories,
    updated_at = excluded.updated_at
where sku.tracking is not distinct from excluded.tracking
and (sku.components is null) = (excluded.components is null);
