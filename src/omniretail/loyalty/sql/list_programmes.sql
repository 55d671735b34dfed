-- The versions of the loyalty programme that come into force before $1 (null: all of them), the last one
-- first, at most $2.
select
    programme.id,
    programme.effective_from,
    programme.spec as programme,
    programme.created_at,
    programme.created_by
from loyalty_programme as programme
where programme.effective_from < coalesce($1::timestamptz, 'infinity')
order by programme.effective_from desc
limit $2::integer;
