-- The shortage cases $1.
select
    shortage.id,
    shortage.sku,
    shortage.location,
    shortage.missing,
    shortage.opened_at,
    shortage.document_type,
    shortage.document_id
from shortage
where shortage.id = any($1::uuid[]);
