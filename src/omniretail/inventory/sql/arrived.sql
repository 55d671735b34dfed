-- Adds what arrived to expected receipts, which are locked.
update expected_receipt
set received = expected_receipt.received + arrived.quantity
from unnest($1::uuid[], $2::integer[]) as arrived (id, quantity)
where expected_receipt.id = arrived.id and expected_receipt.id = any($1::uuid[]);
