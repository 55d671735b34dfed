-- The holds $1.
select
    hold.id,
    hold.principal_id,
    hold.channel,
    hold.reference,
    hold.created_at,
    hold.expires_at,
    hold.released_at,
    hold.order_id
from hold
where hold.id = any($1::uuid[]);
