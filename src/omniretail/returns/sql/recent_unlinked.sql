-- The returns without a receipt that each of the customers $1 asked for after $2, the latest $4 of them,
-- those that are cancelled left out; none of them has an id before $3.
select
    asked.customer,
    recent.id,
    recent.requested_at
from unnest($1::text[]) as asked (customer)
cross join
    lateral (
        select
            sales_return.id,
            sales_return.requested_at
        from sales_return
        cross join
            lateral (
                select line.number
                from return_line as line
                where
                    line.return_id = sales_return.id
                    and line.cancelled_quantity < line.quantity
                limit 1
            ) as standing
        where
            sales_return.kind = 'unlinked'
            and sales_return.customer = asked.customer
            and sales_return.id >= $3::uuid
            and sales_return.requested_at > $2::timestamptz
        order by sales_return.id desc
        limit $4::integer
    ) as recent;
