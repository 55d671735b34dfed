-- Writes the accounts of the JSON array $1, new ones or locked ones, as they are now.
insert into loyalty_account (
    id, version, status, merged_into, lots_points, debt_points, active_points, pending_points,
    steady_until, tier, tier_until, opened_at, opened_by
)
select
    put.id,
    put.version,
    put.status,
    put.merged_into,
    put.lots_points,
    put.debt_points,
    put.active_points,
    put.pending_points,
    put.steady_until,
    put.tier,
    put.tier_until,
    put.opened_at,
    put.opened_by
from json_populate_recordset(null::loyalty_account, $1::json) as put
on conflict (id) do update set
    version = excluded.version,
    status = excluded.status,
    merged_into = excluded.merged_into,
    lots_points = excluded.lots_points,
    debt_points = excluded.debt_points,
    active_points = excluded.active_points,
    pending_points = excluded.pending_points,
    steady_until = excluded.steady_until,
    tier = excluded.tier,
    tier_until = excluded.tier_until;
