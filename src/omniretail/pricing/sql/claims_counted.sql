-- How many live claims at $3 there are of each of ($1 kinds, $2 codes).
select
    asked.kind,
    asked.code,
    claimed.units
from unnest($1::text[], $2::text[]) as asked (kind, code)
cross join
    lateral (
        select count(*) as units
        from usage
        where
            usage.kind = asked.kind
            and usage.code = asked.code
            and usage.state = 'claimed'
            and usage.expires_at > $3::timestamptz
    ) as claimed
where claimed.units > 0;
