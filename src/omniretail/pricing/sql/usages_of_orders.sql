-- The uses of the orders $1, which are locked.
select
    usage.id,
    usage.kind,
    usage.code
from usage
where usage.order_id = any($1::uuid[]) and usage.state = 'used';
