-- Adds to the variance of counts what late events changed of it. The levels counted are locked.
update stock_count
set variance = stock_count.variance + change.variance
from unnest($1::uuid[], $2::integer[]) as change (id, variance)
where stock_count.id = change.id and stock_count.id = any($1::uuid[]);
