-- Locks the book's version: whoever changes prices waits here, so versions commit in their order.
select price_book.version
from price_book
for update;
