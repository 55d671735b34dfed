-- The traits of each SKU of $1 that exists, and of each component of the kits among them; one that is
-- both stands there twice. Most SKUs have none but a status and a tax class, and cost no more than
-- that. The array is empty where no kit is asked for, and then nothing is looked up.
with asked as materialized (
    select
        sku.code,
        sku.status,
        sku.tax_class,
        sku.categories,
        sku.tracking,
        sku.components,
        sku.ordering
    from sku
    where sku.code = any($1::text[])
),

found as (
    select
        asked.code,
        asked.status,
        asked.tax_class,
        asked.categories,
        asked.tracking,
        asked.components,
        asked.ordering
    from asked
    union all
    select
        sku.code,
        sku.status,
        sku.tax_class,
        sku.categories,
        sku.tracking,
        sku.components,
        sku.ordering
    from sku
    where sku.code = any(array(
        select distinct jsonb_object_keys(asked.components) as component
        from asked
        where asked.components is not null
    ))
)

select
    found.code,
    found.status,
    found.tax_class,
    case
        when
            num_nonnulls(found.tracking, found.components, found.ordering) > 0
            or cardinality(found.categories) > 0
            then jsonb_build_object(
                'categories', found.categories,
                'tracking', found.tracking,
                'components', found.components,
                'ordering', found.ordering
            )
    end as more
from found;
