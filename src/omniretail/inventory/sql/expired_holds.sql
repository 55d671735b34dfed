-- Up to $2 holds with lines that are open and expired by $1.
select distinct line.hold_id
from (
    select hold_line.hold_id
    from hold_line
    where
        hold_line.closed_at is null
        and hold_line.quantity > 0
        and hold_line.expires_at <= $1::timestamptz
    limit $2::integer
) as line;
