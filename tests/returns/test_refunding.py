"""Which tenders give how much of a refund back, and as what: examples by hand."""

from typing import Any

from omniretail.orders import PayBack, Tender, TenderType
from omniretail.returns import RefundMethodNotAllowed, ReturnPolicy, pay_backs

SHARES = ReturnPolicy(channel="web")


def tender(number: int, kind: TenderType, amount_minor: int, **rest: Any) -> Tender:
    return Tender(number=number, type=kind, amount_minor=amount_minor, reference=None, **rest)


def back(number: int, amount_minor: int, method: TenderType | None = None) -> PayBack:
    return PayBack(tender_number=number, amount_minor=amount_minor, method=method)


def by_priority(*listed: TenderType) -> ReturnPolicy:
    return ReturnPolicy(channel="web", refund_by="priority", priority=listed)


MIXED = [
    tender(1, "card", 5000),
    tender(2, "gift_card", 3000),
    tender(3, "cash", 1000),
    tender(4, "card", 1000),
]


def test_a_refund_goes_back_in_the_shares_of_the_tenders() -> None:
    """Given 54.00 by card and 36.00 by gift card, when 36.00 go back, then 21.60 and 14.40."""
    paid = [tender(1, "card", 5400), tender(2, "gift_card", 3600)]

    assert pay_backs(paid, 3600, SHARES, None) == (back(1, 2160), back(2, 1440))


def test_what_went_back_already_counts_for_the_next_share() -> None:
    """Given 10.00 + 10.00 of which 9.00 of the first went back, then the second gives more."""
    paid = [tender(1, "card", 1000, refunded_minor=900), tender(2, "cash", 1000)]

    assert pay_backs(paid, 1100, SHARES, None) == (back(1, 100), back(2, 1000))
    assert pay_backs(paid, 11, SHARES, None) == (back(1, 1), back(2, 10))


def test_an_odd_cent_goes_to_the_earlier_tender() -> None:
    paid = [tender(1, "card", 1000), tender(2, "cash", 1000)]

    assert pay_backs(paid, 1, SHARES, None) == (back(1, 1),)
    assert pay_backs(paid, 3, SHARES, None) == (back(1, 2), back(2, 1))
    assert pay_backs(paid, 0, SHARES, None) == ()


def test_by_priority_each_gives_up_to_what_it_has() -> None:
    """Given gift card before card, when 70.00 of 100.00 go back, then 30.00 and 40.00 to them."""
    found = pay_backs(MIXED, 7000, by_priority("gift_card", "card"), None)

    assert found == (back(1, 4000), back(2, 3000))


def test_tenders_of_one_type_give_in_their_order() -> None:
    found = pay_backs(MIXED, 8500, by_priority("gift_card", "card"), None)

    assert found == (back(1, 5000), back(2, 3000), back(4, 500))


def test_types_that_are_not_listed_come_last_in_the_order_of_the_tenders() -> None:
    """Given only cash is listed, when 70.00 go back, then 10.00 of cash and 50.00, 10.00 of the next."""
    assert pay_backs(MIXED, 7000, by_priority("cash"), None) == (
        back(1, 5000),
        back(2, 1000),
        back(3, 1000),
    )
    assert pay_backs(MIXED, 5001, by_priority(), None) == (back(1, 5000), back(2, 1))


def test_a_customer_takes_store_credit_for_all_of_it() -> None:
    found = pay_backs(MIXED, 10_000, SHARES, "store_credit")

    assert found == (
        back(1, 5000, "store_credit"),
        back(2, 3000, "store_credit"),
        back(3, 1000, "store_credit"),
        back(4, 1000, "store_credit"),
    )


def test_store_credit_asked_of_store_credit_is_the_tender_itself() -> None:
    paid = [tender(1, "store_credit", 700), tender(2, "cash", 300)]

    assert pay_backs(paid, 1000, SHARES, "store_credit") == (
        back(1, 700),
        back(2, 300, "store_credit"),
    )


def test_money_of_a_card_does_not_go_out_as_cash() -> None:
    """Given a card that paid part of it, when the customer wants cash, then it is refused."""
    refused = pay_backs(MIXED, 10_000, SHARES, "cash")

    assert isinstance(refused, RefundMethodNotAllowed)
    assert refused.code == "refund_method_not_allowed"
    assert refused.fields == {
        "purchase": "card",
        "refund": "cash",
        "allowed": ["card", "store_credit"],
    }
    assert refused.detail == "What was paid by card goes back as card or store_credit, not as cash."


def test_only_tenders_that_give_something_must_allow_what_is_asked() -> None:
    """Given cash goes back first, when 10.00 of cash are asked for, then the card has no say."""
    found = pay_backs(MIXED, 1000, by_priority("cash"), "cash")

    assert found == (back(3, 1000),)
    assert isinstance(pay_backs(MIXED, 1001, by_priority("cash"), "cash"), RefundMethodNotAllowed)


def test_the_retailer_pays_back_as_store_credit_first() -> None:
    """Given a matrix that names store credit first for cash, then cash is what one has to ask for."""
    policy = ReturnPolicy(channel="web", refund_methods={"cash": ("store_credit", "cash")})
    paid = [tender(1, "cash", 1000)]

    assert pay_backs(paid, 1000, policy, None) == (back(1, 1000, "store_credit"),)
    assert pay_backs(paid, 1000, policy, "cash") == (back(1, 1000),)


def test_what_was_taken_goes_back_before_what_is_promised() -> None:
    """Given 60.00 by gift card, taken, and 40.00 by card, of which 30.00 are only authorized."""
    paid = [tender(1, "gift_card", 6000), tender(2, "card", 4000, uncaptured_minor=3000)]

    assert pay_backs(paid, 7000, SHARES, None) == (back(1, 6000), back(2, 1000))
    assert pay_backs(paid, 700, SHARES, None) == (back(1, 600), back(2, 100))
    assert pay_backs(paid, 8000, SHARES, None) == (back(1, 6000), back(2, 2000))


def test_a_promise_is_let_go_and_never_paid_out_another_way() -> None:
    """Given 10.00 of 40.00 were taken, when 25.00 go back as store credit, then 15.00 are let go."""
    paid = [tender(1, "card", 4000, uncaptured_minor=3000)]

    assert pay_backs(paid, 2500, SHARES, "store_credit") == (
        back(1, 1000, "store_credit"),
        back(1, 1500),
    )
    promised = [tender(1, "bank_transfer", 4000, uncaptured_minor=4000)]
    assert pay_backs(promised, 4000, SHARES, "cash") == (back(1, 4000),)


def test_the_smallest_coin_is_no_part_of_the_price() -> None:
    """Given 9.98 that were paid by 10.00 in cash, then 9.98 are left to go back."""
    paid = [tender(1, "cash", 1000, rounding_minor=2, cash_step_minor=5)]

    assert pay_backs(paid, 998, SHARES, None) == (back(1, 998),)
