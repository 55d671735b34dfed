-- Carts that became an order, or part of another cart, that does not exist; and holds that more than
-- one open cart owns.
select
    cart.code,
    cart.state,
    cart.order_id,
    cart.merged_into,
    null::uuid as hold_id
from cart
left join sales_order on cart.order_id = sales_order.id
left join cart as target on cart.merged_into = target.id
where
    (cart.state = 'converted') <> (sales_order.id is not null)
    or (cart.state = 'merged') <> (target.id is not null)
union all
select
    max(cart.code) as code,
    'open' as state,
    null as order_id,
    null as merged_into,
    owned.hold_id
from cart
cross join lateral unnest(cart.hold_ids) as owned (hold_id)
where cart.state = 'open'
group by owned.hold_id
having count(*) > 1
order by code, hold_id;
