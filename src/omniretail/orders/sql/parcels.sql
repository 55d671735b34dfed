-- The parcels of the orders $1.
select
    parcel.order_id,
    parcel.fulfillment_id,
    parcel.id,
    parcel.number,
    parcel.lines,
    parcel.shipped_at,
    parcel.carrier,
    parcel.tracking_number,
    parcel.tracking_url,
    parcel.delivered_at
from parcel
where parcel.order_id = any($1::uuid[])
order by parcel.order_id, parcel.number;
