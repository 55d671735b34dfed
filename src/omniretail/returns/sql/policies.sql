-- The return policies of the channels $1, where they have one.
select
    policy.channel,
    policy.window_days,
    policy.window_days_by_category,
    policy.refund_by,
    policy.priority,
    policy.refund_methods,
    policy.approval,
    policy.refund_shipping,
    policy.claims_keep_goods,
    policy.claim_days,
    policy.unlinked_limit,
    policy.unlinked_days,
    policy.unlinked_price_days,
    policy.version
from return_policy as policy
where policy.channel = any($1::text[]);
