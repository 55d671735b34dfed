-- The price lists of whom $1 names, as they are or as they were once.
select price_list.code
from price_list
where price_list.customer = any($1::text[])
union
select book_change.code
from book_change
where book_change.kind = 'price_list' and book_change.document #>> '{scope,customer}' = any($1::text[]);
