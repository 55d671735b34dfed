-- The reviews of points $1.
select
    review.id,
    review.account_id,
    review.lot_id,
    review.order_id,
    review.why,
    review.points,
    review.opened_at,
    review.decision,
    review.closed_at,
    review.closed_by,
    review.note
from loyalty_review as review
where review.id = any($1::uuid[]);
