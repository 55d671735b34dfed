-- Notes which orders $2 the holds $1 became. One that was released before became none.
update hold
set order_id = converted.order_id
from unnest($1::uuid[], $2::uuid[]) as converted (id, order_id)
where
    hold.id = converted.id
    and hold.id = any($1::uuid[])
    and hold.released_at is null;
