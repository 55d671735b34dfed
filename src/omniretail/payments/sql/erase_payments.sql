-- Has the accounts $1, which are locked, name the customer $2, says no longer why they were changed by hand,
-- and forgets by which cards the orders $3 and the carts $4 were paid.
with owned as (
    update payment_account
    set customer = $2::text
    where payment_account.id = any($1::uuid[])
),

explained as (
    update account_entry
    set reason = 'erased'
    where account_entry.account_id = any($1::uuid[]) and account_entry.reason is not null
),

paid as (
    update payment
    set card_token = null
    where
        payment.card_token is not null
        and (payment.order_id = any($3::uuid[]) or payment.cart_id = any($4::uuid[]))
)

select 1;
