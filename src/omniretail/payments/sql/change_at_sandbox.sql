-- Writes the operation $1 of the kind $3 on the payment $2 at the sandbox, declined with $7 where it is not
-- done. The payment's authorization is locked.
insert into sandbox_charge (
    id, payment_id, kind, amount_minor, currency, method, decline_code, asked
)
values ($1::uuid, $2::uuid, $3::text, $4::bigint, $5::text, $6::text, $7::text, 1)
returning
    sandbox_charge.id,
    sandbox_charge.kind,
    sandbox_charge.amount_minor,
    sandbox_charge.currency,
    sandbox_charge.method,
    sandbox_charge.decline_code,
    sandbox_charge.asked;
