-- The promotions that changed since book version $1.
select promotion.document
from promotion
where promotion.book_version > $1::bigint;
