-- Whether amounts stand in currency $1: prices, promotions, orders, costs. The book is locked, so that no
-- price and no promotion comes meanwhile; an order that does, at prices of its own, or a receipt with its
-- cost, was stated in whole minor units of before, and keeps them.
select
    exists (
        select from price
        inner join price_list on price.price_list = price_list.code
        where price_list.currency = $1::text
    )
    or exists (
        select from promotion
        where promotion.document ->> 'currency' = $1::text
    )
    or exists (
        select from sales_order
        where sales_order.currency = $1::text
    )
    or exists (
        select from stock_cost
        where stock_cost.currency = $1::text
    ) as in_use;
