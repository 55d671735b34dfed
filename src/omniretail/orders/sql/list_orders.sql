-- Orders of channel $1 (null: any) that locations $2 (null: any) placed or serve, older than $3,
-- the latest first, at most $4.
select sales_order.id
from sales_order
where
    ($1::text is null or sales_order.channel = $1::text)
    and (
        $2::text[] is null
        or sales_order.location = any($2::text[])
        or exists (
            select 1
            from fulfillment
            where fulfillment.order_id = sales_order.id and fulfillment.location = any($2::text[])
        )
    )
    and ($3::uuid is null or sales_order.id < $3::uuid)
order by sales_order.id desc
limit $4::integer;
