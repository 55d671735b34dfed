-- The promotions that exist among the codes $1, and whether each needs a coupon.
select
    promotion.code,
    coalesce((promotion.document ->> 'coupon_only')::boolean, false) as coupon_only
from promotion
where promotion.code = any($1::text[]);
