-- Writes which lots paid orders: the JSON array $1, as they are now.
insert into loyalty_spending (order_id, tender_number, position, lot_id, points, restored)
select
    put.order_id,
    put.tender_number,
    put.position,
    put.lot_id,
    put.points,
    put.restored
from json_populate_recordset(null::loyalty_spending, $1::json) as put
on conflict (order_id, tender_number, position) do update set
    restored = excluded.restored;
