-- Writes the lots of the JSON array $1, new ones or those of locked accounts, as they are now.
insert into loyalty_lot (
    id, account_id, kind, order_id, origin_id, gift_id, quantity, remaining, held, expired, absorbed,
    earned_at, available_at, expires_at, in_review
)
select
    put.id,
    put.account_id,
    put.kind,
    put.order_id,
    put.origin_id,
    put.gift_id,
    put.quantity,
    put.remaining,
    put.held,
    put.expired,
    put.absorbed,
    put.earned_at,
    put.available_at,
    put.expires_at,
    put.in_review
from json_populate_recordset(null::loyalty_lot, $1::json) as put
on conflict (id) do update set
    account_id = excluded.account_id,
    remaining = excluded.remaining,
    held = excluded.held,
    expired = excluded.expired,
    absorbed = excluded.absorbed,
    available_at = excluded.available_at,
    expires_at = excluded.expires_at,
    in_review = excluded.in_review;
