-- Closes lines of holds at $4. Their levels are locked.
update hold_line
set closed_at = $4::timestamptz
from unnest($1::uuid[], $2::integer[], $3::text[]) as ended (hold_id, number, sku)
where
    hold_line.hold_id = ended.hold_id
    and hold_line.number = ended.number
    and hold_line.sku = ended.sku
    -- Bounds the read also where the plan was made while the table was still empty.
    and hold_line.hold_id = any($1::uuid[]);
