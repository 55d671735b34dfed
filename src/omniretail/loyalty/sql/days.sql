-- What the accounts $1 did on the local days $2.
select
    loyalty_day.account_id,
    loyalty_day.day,
    loyalty_day.qualifying,
    loyalty_day.earned,
    loyalty_day.redemptions
from loyalty_day
where loyalty_day.account_id = any($1::uuid[]) and loyalty_day.day = any($2::date[]);
