-- The coupons that changed since book version $1.
select coupon.document
from coupon
where coupon.book_version > $1::bigint;
