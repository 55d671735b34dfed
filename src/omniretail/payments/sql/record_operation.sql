-- Writes what became of the operation $1 in its attempt $2: state $3, the provider's reference $4, its
-- failure $5, done at $6, due at $7. Race: a worker that was slow and the one that took over from it; the
-- first answer stands, and who got none must not take the lease of who still asks.
update payment_operation
set
    state = $3::text,
    provider_reference = $4::text,
    failure = $5::text,
    done_at = $6::timestamptz,
    due_at = $7::timestamptz,
    leased_until = null
where
    payment_operation.id = $1::uuid
    -- It is due: said so that no plan reads all that are due to find this one.
    and payment_operation.done_at is null
    and ($3::text <> 'due' or payment_operation.attempts = $2::integer);
