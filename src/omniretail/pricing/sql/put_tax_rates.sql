-- Sets tax rates: ($1 classes, $2 regions, $3 moments, $4 rates), as of book version $5.
insert into tax_rate (tax_class, region, valid_from, rate_ppm, book_version, recorded_at)
select
    fresh.tax_class,
    fresh.region,
    fresh.valid_from,
    fresh.rate_ppm,
    $5::bigint,
    $6::timestamptz
from
    unnest($1::text[], $2::text[], $3::timestamptz[], $4::integer[])
        as fresh (tax_class, region, valid_from, rate_ppm)
on conflict on constraint tax_rate_pkey do update set
    rate_ppm = excluded.rate_ppm,
    book_version = excluded.book_version,
    recorded_at = excluded.recorded_at;
