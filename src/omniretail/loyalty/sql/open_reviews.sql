-- The reviews that wait for a decision, the oldest first, newer than $1 where it is given; at most $2.
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
where
    review.decision is null
    and review.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
order by review.id
limit $2::integer;
