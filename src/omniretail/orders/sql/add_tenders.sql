-- Writes tenders that came to orders later: the JSON array $1, each with its order.
insert into tender (
    order_id, number, type, amount_minor, reference, rounding_minor, cash_step_minor,
    uncaptured_minor, voided_minor, payment_id, account_id, card_token, points
)
select
    tender.order_id,
    tender.number,
    tender.type,
    tender.amount_minor,
    tender.reference,
    coalesce(tender.rounding_minor, 0) as rounding_minor,
    coalesce(tender.cash_step_minor, 1) as cash_step_minor,
    coalesce(tender.uncaptured_minor, 0) as uncaptured_minor,
    coalesce(tender.voided_minor, 0) as voided_minor,
    tender.payment_id,
    tender.account_id,
    tender.card_token,
    tender.points
from json_to_recordset($1::json) as tender (
    order_id uuid,
    number integer,
    type text,
    amount_minor bigint,
    reference text,
    rounding_minor bigint,
    cash_step_minor bigint,
    uncaptured_minor bigint,
    voided_minor bigint,
    payment_id uuid,
    account_id uuid,
    card_token text,
    points bigint
);
