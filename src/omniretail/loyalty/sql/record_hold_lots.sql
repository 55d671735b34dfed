-- Writes which lots new holds promise: the JSON array $1.
insert into loyalty_hold_lot (hold_id, lot_id, points)
select
    promise.hold_id,
    promise.lot_id,
    promise.points
from json_populate_recordset(null::loyalty_hold_lot, $1::json) as promise;
