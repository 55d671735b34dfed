-- Writes new uses and claims: ids $1, kinds $2, codes $3, customers $4, orders $5, claimants $6, ends $7.
insert into usage (
    id, kind, code, customer, order_id, claimed_by, expires_at, state, recorded_at
)
select
    fresh.id,
    fresh.kind,
    fresh.code,
    fresh.customer,
    fresh.order_id,
    fresh.claimed_by,
    fresh.expires_at,
    case when fresh.order_id is null then 'claimed' else 'used' end as state,
    $8::timestamptz
from
    unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::timestamptz[]
    )
        as fresh (id, kind, code, customer, order_id, claimed_by, expires_at);
