-- Sketches orders $1 to $2 - 1 of $3, spread evenly from $4 to $5: one unit each of two of $6 SKUs at
-- one of $7 locations. All pairs take turns, so that every level sells as much as every other.
insert into year_order (number, stamp, left_stamp, placed_at, left_at, location, first, second)
select
    sketch.number,
    lpad(to_hex((extract(epoch from sketch.placed_at) * 1000)::bigint), 12, '0') as stamp,
    lpad(to_hex((extract(epoch from sketch.left_at) * 1000)::bigint), 12, '0') as left_stamp,
    sketch.placed_at,
    sketch.left_at,
    sketch.location,
    'SKU-' || lpad(sketch.turn::text, 4, '0') as first,
    'SKU-' || lpad(((sketch.turn + $6::bigint / 2) % $6::bigint)::text, 4, '0') as second
from (
    select
        turn.number,
        'L' || turn.number % $7::bigint as location,
        -- 7919 is prime: neighbors in time are none by their codes.
        turn.number / $7::bigint * 7919 % $6::bigint as turn,
        turn.placed_at,
        turn.placed_at + interval '2 hours' as left_at
    from (
        select
            number,
            $4::timestamptz + ($5::timestamptz - $4::timestamptz) * (number::float8 / $3::bigint) as placed_at
        from generate_series($1::bigint, $2::bigint - 1) as number
    ) as turn
) as sketch;
