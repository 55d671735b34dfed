-- Creates the return policy $1 (JSON, with the version it shall have) at $2, or replaces it where it stands
-- at the version before. Two that create it at once: the second one waits here for the first, and writes no
-- row.
insert into return_policy as policy (
    channel,
    window_days,
    window_days_by_category,
    refund_by,
    priority,
    refund_methods,
    approval,
    refund_shipping,
    claims_keep_goods,
    claim_days,
    unlinked_limit,
    unlinked_days,
    unlinked_price_days,
    version,
    updated_at
)
select
    stated.channel,
    stated.window_days,
    stated.window_days_by_category,
    stated.refund_by,
    stated.priority,
    stated.refund_methods,
    stated.approval,
    stated.refund_shipping,
    stated.claims_keep_goods,
    stated.claim_days,
    stated.unlinked_limit,
    stated.unlinked_days,
    stated.unlinked_price_days,
    stated.version,
    $2::timestamptz
from
    jsonb_to_record($1::text::jsonb) as stated (
        channel text,
        window_days integer,
        window_days_by_category jsonb,
        refund_by text,
        priority text[],
        refund_methods jsonb,
        approval text,
        refund_shipping boolean,
        claims_keep_goods boolean,
        claim_days integer,
        unlinked_limit integer,
        unlinked_days integer,
        unlinked_price_days integer,
        version integer
    )
on conflict on constraint return_policy_pkey do update set
    window_days = excluded.window_days,
    window_days_by_category = excluded.window_days_by_category,
    refund_by = excluded.refund_by,
    priority = excluded.priority,
    refund_methods = excluded.refund_methods,
    approval = excluded.approval,
    refund_shipping = excluded.refund_shipping,
    claims_keep_goods = excluded.claims_keep_goods,
    claim_days = excluded.claim_days,
    unlinked_limit = excluded.unlinked_limit,
    unlinked_days = excluded.unlinked_days,
    unlinked_price_days = excluded.unlinked_price_days,
    version = excluded.version,
    updated_at = excluded.updated_at
where policy.version + 1 = excluded.version;
