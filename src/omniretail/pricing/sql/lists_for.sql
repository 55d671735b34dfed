-- The price lists for customers who are called as one of $1, as they are now.
select price_list.code
from price_list
where price_list.customer = any($1::text[])
order by price_list.code;
