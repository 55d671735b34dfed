-- Lots that are in review though nobody has to decide about them; open reviews of lots that are not in
-- review, or do not exist.
select
    coalesce(lot.id, review.lot_id) as lot_id,
    review.id as review_id,
    lot.in_review
from loyalty_lot as lot
full join loyalty_review as review on lot.id = review.lot_id
where
    coalesce(lot.in_review, false) <> (review.id is not null and review.decision is null)
    or (lot.id is null and review.id is not null)
order by lot_id;
