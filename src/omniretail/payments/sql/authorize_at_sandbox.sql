-- Sets the amount $2 in the currency $3 aside at the sandbox for the payment $1, by its method $4, unless it
-- was declined with $5; asked again, it only counts. Returns what stands.
insert into sandbox_charge (
    id, payment_id, kind, amount_minor, currency, method, decline_code, asked
)
values ($1::uuid, $1::uuid, 'authorization', $2::bigint, $3::text, $4::text, $5::text, 1)
on conflict (id) do update set asked = sandbox_charge.asked + 1
returning
    sandbox_charge.id,
    sandbox_charge.kind,
    sandbox_charge.amount_minor,
    sandbox_charge.currency,
    sandbox_charge.method,
    sandbox_charge.decline_code,
    sandbox_charge.asked;
