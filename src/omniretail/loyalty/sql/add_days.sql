-- Adds to what accounts did on a day: the JSON array $1, each what came to it. Race: the day is that of an
-- account which was merged, and is changed under another lock; what is added commutes.
insert into loyalty_day (account_id, day, qualifying, earned, redemptions)
select
    more.account_id,
    more.day,
    more.qualifying,
    more.earned,
    more.redemptions
from json_populate_recordset(null::loyalty_day, $1::json) as more
order by more.account_id, more.day
on conflict (account_id, day) do update set
    qualifying = loyalty_day.qualifying + excluded.qualifying,
    earned = loyalty_day.earned + excluded.earned,
    redemptions = loyalty_day.redemptions + excluded.redemptions;
