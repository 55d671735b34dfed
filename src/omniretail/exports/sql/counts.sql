-- Every count, with its variance as it is by now; in the order in which they lie, which is about that of
-- recording.
select
    counted.id,
    counted.sku,
    counted.location,
    counted.lot,
    counted.quantity,
    counted.variance,
    to_char(counted.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
    to_char(counted.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at,
    counted.document_id,
    counted.actor_id
from stock_count as counted;
