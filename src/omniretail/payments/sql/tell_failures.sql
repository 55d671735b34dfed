-- Notes at $2 that orders were told of their declined operations $1.
update payment_operation
set told_at = $2::timestamptz
where payment_operation.id = any($1::uuid[]) and payment_operation.told_at is null;
