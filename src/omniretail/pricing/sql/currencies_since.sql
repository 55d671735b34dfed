-- How currencies are kept, as changed since book version $1.
select
    currency.code,
    currency.exponent,
    currency.cash_step_minor,
    currency.rounding,
    currency.tax_per
from currency
where currency.book_version > $1::bigint;
