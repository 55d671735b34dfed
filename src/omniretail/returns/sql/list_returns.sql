-- The identities of up to $5 returns before $4, the latest first: of the order $1, at the location $2, of the
-- customer who is called as one of $3, each where it is given.
select sales_return.id
from sales_return
where
    ($1::uuid is null or sales_return.order_id = $1)
    and ($2::text is null or sales_return.location = $2)
    and ($3::text[] is null or sales_return.customer = any($3::text[]))
    and sales_return.id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
order by sales_return.id desc
limit $5;
