-- The tax rates that changed since book version $1.
select
    tax_rate.tax_class,
    tax_rate.region,
    tax_rate.valid_from,
    tax_rate.rate_ppm
from tax_rate
where tax_rate.book_version > $1::bigint;
