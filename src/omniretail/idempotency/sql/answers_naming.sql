-- The keys whose answers name one of the documents $1, behind the key ($2, $3), at most $4. It reads every
-- key: that is bearable where people are erased, and nowhere else.
select
    used.principal_id,
    used.key,
    used.answer
from idempotency_key as used
where
    (used.principal_id, used.key) > ($2::uuid, $3::text)
    and exists (
        select 1
        from
            regexp_matches(
                used.answer, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', 'g'
            ) as named (ids)
        where named.ids[1] = any($1::text[])
    )
order by used.principal_id, used.key
limit $4::integer;
