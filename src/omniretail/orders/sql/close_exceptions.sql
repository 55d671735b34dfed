-- Closes the exceptions $1, which are locked and open, by $2 with the notes $3, at $4.
update order_exception
set
    closed_at = $4::timestamptz,
    closed_by = closing.closed_by,
    note = closing.note
from unnest($1::uuid[], $2::uuid[], $3::text[]) as closing (id, closed_by, note)
where
    order_exception.id = closing.id
    -- Bounds the read also where the plan was made while the table was still empty.
    and order_exception.id = any($1::uuid[]);
