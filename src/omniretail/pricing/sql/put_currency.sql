-- Says how currency $1 is kept, as of book version $6.
insert into currency (
    code, exponent, cash_step_minor, rounding, tax_per, book_version, updated_at
)
values ($1::text, $2::integer, $3::bigint, $4::text, $5::text, $6::bigint, $7::timestamptz)
on conflict on constraint currency_pkey do update set
    exponent = excluded.exponent,
    cash_step_minor = excluded.cash_step_minor,
    rounding = excluded.rounding,
    tax_per = excluded.tax_per,
    book_version = excluded.book_version,
    updated_at = excluded.updated_at;
