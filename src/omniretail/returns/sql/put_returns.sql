-- Writes the returns of the JSON array $1 at the moment $2: new ones, and what became of locked ones.
insert into sales_return (
    id, number, kind, order_id, channel, location, customer, currency, requested_at, requested_by,
    approved_at, approved_by, cancelled_at, note, override, refunds, account_id, exchange,
    unlinked_count, version, recorded_at, idempotency_key
)
select
    fresh.id,
    fresh.number,
    fresh.kind,
    fresh.order_id,
    fresh.channel,
    fresh.location,
    fresh.customer,
    fresh.currency,
    fresh.requested_at,
    fresh.requested_by,
    fresh.approved_at,
    fresh.approved_by,
    fresh.cancelled_at,
    fresh.note,
    fresh.override,
    fresh.refunds,
    fresh.account_id,
    fresh.exchange,
    fresh.unlinked_count,
    fresh.version,
    $2::timestamptz as recorded_at,
    fresh.idempotency_key
from
    json_to_recordset($1::json)
        as fresh (
            id uuid,
            number text,
            kind text,
            order_id uuid,
            channel text,
            location text,
            customer text,
            currency text,
            requested_at timestamptz,
            requested_by uuid,
            approved_at timestamptz,
            approved_by uuid,
            cancelled_at timestamptz,
            note text,
            override jsonb,
            refunds jsonb,
            account_id uuid,
            exchange jsonb,
            unlinked_count integer,
            version integer,
            idempotency_key text
        )
on conflict (id) do update set
    location = excluded.location,
    approved_at = excluded.approved_at,
    approved_by = excluded.approved_by,
    cancelled_at = excluded.cancelled_at,
    override = excluded.override,
    refunds = excluded.refunds,
    account_id = excluded.account_id,
    version = excluded.version;
