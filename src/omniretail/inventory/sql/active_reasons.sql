-- The reasons that may explain something new.
select
    reason.code,
    reason.direction
from stock_reason as reason
where reason.status = 'active';
