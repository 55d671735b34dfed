-- Forgets what callers called the holds $1, and those that became the orders $2; with their ids. It may read
-- every hold: people are erased seldom.
update hold
set reference = null
where
    hold.reference is not null
    and (hold.id = any($1::uuid[]) or hold.order_id = any($2::uuid[]))
returning hold.id;
