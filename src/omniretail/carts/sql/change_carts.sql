-- Notes what became of the carts $1, which are locked, as the JSON array $2 tells it.
update cart
set
    customer = change.customer,
    customer_groups = change.customer_groups,
    region = change.region,
    state = change.state,
    order_id = change.order_id,
    merged_into = change.merged_into,
    hold_ids = change.hold_ids,
    hold_seconds = change.hold_seconds,
    lines = change.lines,
    coupons = change.coupons,
    shipping = change.shipping,
    note = change.note,
    ship_to = change.ship_to,
    email = change.email,
    version = change.version,
    updated_at = change.updated_at,
    expires_at = change.expires_at
from
    json_to_recordset($2::json)
        as change (
            id uuid,
            customer text,
            customer_groups text[],
            region text,
            state text,
            order_id uuid,
            merged_into uuid,
            hold_ids uuid[],
            hold_seconds integer,
            lines jsonb,
            coupons text[],
            shipping jsonb,
            note text,
            ship_to jsonb,
            email text,
            version integer,
            updated_at timestamptz,
            expires_at timestamptz
        )
where
    cart.id = change.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and cart.id = any($1::uuid[]);
