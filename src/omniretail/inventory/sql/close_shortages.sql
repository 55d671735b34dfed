-- Closes the cases $1 at $4, with who did it and why; their levels are locked, and owe nothing.
with closed as (
    update shortage
    set
        closed_at = $4::timestamptz,
        closed_by = change.closed_by,
        note = change.note
    from unnest($1::uuid[], $2::uuid[], $3::text[]) as change (id, closed_by, note)
    where shortage.id = change.id and shortage.id = any($1::uuid[])
    returning shortage.id, shortage.sku, shortage.location
)

update stock_level
set shortage_id = null
from closed
where
    stock_level.sku = closed.sku
    and stock_level.location = closed.location
    and stock_level.shortage_id = closed.id;
