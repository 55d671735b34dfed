-- Counts that the sandbox was asked again for the authorization or the operation $1, and returns it.
update sandbox_charge
set asked = sandbox_charge.asked + 1
where sandbox_charge.id = $1::uuid
returning
    sandbox_charge.id,
    sandbox_charge.kind,
    sandbox_charge.amount_minor,
    sandbox_charge.currency,
    sandbox_charge.method,
    sandbox_charge.decline_code,
    sandbox_charge.asked;
