-- The book's version.
select price_book.version
from price_book;
