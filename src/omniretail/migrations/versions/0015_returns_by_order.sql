-- The returns of an order, the latest first. A partial index is walked whole where a statement was planned
-- while there were no returns yet.

drop index sales_return_order_idx;

create index sales_return_order_idx on sales_return (order_id, id);
