-- Entries of the accounts of the customers $1, and of what was merged into those, that occurred before the
-- moment $2, or at it with an identity before $3, the latest first, at most $4. An entry's identity is made
-- of its account and number. Holds of points are among them.
with own as (
    select loyalty_member.account_id as id
    from loyalty_member
    where loyalty_member.customer_id = any($1::uuid[])
    union
    select loyalty_account.id
    from loyalty_member
    inner join loyalty_account on loyalty_member.account_id = loyalty_account.merged_into
    where loyalty_member.customer_id = any($1::uuid[])
)

select
    found.id,
    found.kind,
    found.account_id,
    found.type,
    found.points,
    found.at,
    found.order_id,
    found.channel,
    found.location,
    found.expires_at
from own
cross join
    lateral (
        (
            select
                md5(entry.account_id::text || ':' || entry.sequence::text)::uuid as id,
                'points' as kind,
                entry.account_id,
                entry.type,
                case when entry.lot_change - entry.debt_change < 0 then -entry.points else entry.points end
                    as points,
                entry.occurred_at as at,
                entry.order_id,
                null::text as channel,
                null::text as location,
                null::timestamptz as expires_at
            from loyalty_entry as entry
            where
                entry.account_id = own.id
                and (
                    $2::timestamptz is null
                    or (
                        entry.occurred_at <= $2::timestamptz
                        and (
                            entry.occurred_at < $2::timestamptz
                            or md5(entry.account_id::text || ':' || entry.sequence::text)::uuid < $3::uuid
                        )
                    )
                )
            order by
                entry.occurred_at desc, md5(entry.account_id::text || ':' || entry.sequence::text)::uuid desc
            limit $4::integer
        )
        union all
        (
            select
                hold.id,
                'points_hold' as kind,
                hold.account_id,
                hold.state as type,
                hold.points,
                hold.placed_at as at,
                hold.order_id,
                hold.channel,
                hold.location,
                hold.expires_at
            from loyalty_hold as hold
            where
                hold.account_id = own.id
                and (
                    $2::timestamptz is null
                    or (hold.placed_at, hold.id) < ($2::timestamptz, $3::uuid)
                )
            order by hold.placed_at desc, hold.id desc
            limit $4::integer
        )
    ) as found
order by found.at desc, found.id desc
limit $4::integer;
