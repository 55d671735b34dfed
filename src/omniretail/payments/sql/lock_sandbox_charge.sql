-- Locks the authorization of the payment $1 at the sandbox, and returns it. Race: two operations on one
-- payment; the second waits here, and then finds what the first did.
select
    sandbox_charge.id,
    sandbox_charge.kind,
    sandbox_charge.amount_minor,
    sandbox_charge.currency,
    sandbox_charge.method,
    sandbox_charge.decline_code,
    sandbox_charge.asked
from sandbox_charge
where sandbox_charge.id = $1::uuid
for update;
