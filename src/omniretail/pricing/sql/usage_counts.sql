-- The counts of uses of ($1 kinds, $2 codes), as they stand.
select
    usage_count.kind,
    usage_count.code,
    usage_count.used
from usage_count
inner join unnest($1::text[], $2::text[]) as asked (kind, code)
    on usage_count.kind = asked.kind and usage_count.code = asked.code;
