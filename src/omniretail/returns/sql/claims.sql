-- The claims $1.
select
    claim.id,
    claim.number,
    claim.order_id,
    claim.channel,
    claim.customer,
    claim.currency,
    claim.wish,
    claim.opened_at,
    claim.opened_by,
    claim.approved_at,
    claim.approved_by,
    claim.goods_back,
    claim.denied_at,
    claim.denied_by,
    claim.denial_reason,
    claim.resolved_at,
    claim.resolved_by,
    claim.resolution,
    claim.refund,
    claim.fulfillment_id,
    claim.return_id,
    claim.override,
    claim.note,
    claim.version
from claim
where claim.id = any($1::uuid[]);
