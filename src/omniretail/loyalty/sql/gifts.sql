-- The gifts of points $1.
select
    gift.id,
    gift.from_account_id,
    gift.to_account_id,
    gift.points,
    gift.sent_at,
    gift.available_at,
    gift.taken_back_at,
    gift.actor_id
from loyalty_gift as gift
where gift.id = any($1::uuid[]);
