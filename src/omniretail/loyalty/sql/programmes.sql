-- The versions of the loyalty programme that count at $1 or later, the earliest first: the one in force by
-- then, and all later ones.
select
    programme.id,
    programme.effective_from,
    programme.spec as programme,
    programme.created_at,
    programme.created_by
from loyalty_programme as programme
where
    programme.effective_from >= coalesce(
        (
            select earlier.effective_from
            from loyalty_programme as earlier
            where earlier.effective_from <= $1::timestamptz
            order by earlier.effective_from desc
            limit 1
        ),
        $1::timestamptz
    )
order by programme.effective_from;
