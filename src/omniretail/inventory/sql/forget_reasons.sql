-- Says no longer why staff graded another way what the returns $1 brought back. Why it came back is a code,
-- and stays.
update stock_movement
set reason = 'erased'
where
    stock_movement.document_id = any($1::uuid[])
    and stock_movement.type not in ('returned', 'unlinked_return')
    and stock_movement.reason is not null;
