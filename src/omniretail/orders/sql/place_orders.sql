-- Writes the orders of the JSON array $1, recorded at $2.
insert into sales_order (
    id, number, channel, location, currency, total_minor, book_version, placed_by, placed_at,
    idempotency_key, recorded_at, version, customer, customer_groups, region, quote_id, coupons,
    rounding, tax_per, shipping
)
select
    placed.id,
    placed.number,
    placed.channel,
    placed.location,
    placed.currency,
    placed.total_minor,
    placed.book_version,
    placed.placed_by,
    placed.placed_at,
    placed.idempotency_key,
    $2::timestamptz,
    placed.version,
    placed.customer,
    placed.customer_groups,
    placed.region,
    placed.quote_id,
    placed.coupons,
    placed.rounding,
    placed.tax_per,
    placed.shipping
from json_to_recordset($1::json) as placed (
    id uuid,
    number text,
    channel text,
    location text,
    currency text,
    total_minor bigint,
    book_version bigint,
    placed_by uuid,
    placed_at timestamptz,
    idempotency_key text,
    version integer,
    customer text,
    customer_groups text[],
    region text,
    quote_id uuid,
    coupons text[],
    rounding text,
    tax_per text,
    shipping jsonb
);
