-- The tender of each sketched order from $1 to $2 - 1, of two units at $3 minor units. Each of those who
-- always come (orders.sql) has one card, and everybody else another one each time.
insert into tender (order_id, number, type, amount_minor, reference, card_token)
select
    (sketch.stamp || '70008' || lpad(to_hex(sketch.number), 15, '0'))::uuid as order_id,
    1 as number,
    'card' as type,
    2 * $3::bigint as amount_minor,
    'year' as reference,
    case
        when sketch.number % 5 = 0 then 'card-regular-' || lpad((sketch.number / 5 % 1000)::text, 4, '0')
        else 'card-' || sketch.number
    end as card_token
from year_order as sketch
where sketch.number >= $1::bigint and sketch.number < $2::bigint;
