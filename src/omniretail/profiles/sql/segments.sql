-- The segments with the codes $1 (null: any), behind the code $2, at most $3.
select
    segment.code,
    segment.name,
    segment.rule::text as rule
from segment
where
    ($1::text[] is null or segment.code = any($1::text[]))
    and segment.code > $2::text
order by segment.code
limit $3::integer;
