-- Notes that what has not arrived of the expected receipts $1, which are locked, is not expected from $2 on.
update expected_receipt
set cancelled_at = $2::timestamptz
where expected_receipt.id = any($1::uuid[]);
