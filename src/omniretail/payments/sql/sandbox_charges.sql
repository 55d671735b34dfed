-- What the sandbox did about the payment $1: its authorization, and its operations.
select
    sandbox_charge.id,
    sandbox_charge.kind,
    sandbox_charge.amount_minor,
    sandbox_charge.currency,
    sandbox_charge.method,
    sandbox_charge.decline_code,
    sandbox_charge.asked
from sandbox_charge
where sandbox_charge.payment_id = $1::uuid
order by sandbox_charge.id;
