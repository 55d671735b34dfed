"""A refund is paid back to the cent, by tenders that have it, in ways that the policy allows."""

from hypothesis import given
from hypothesis import strategies as st

from omniretail.money import split
from omniretail.orders import Tender, TenderType
from omniretail.returns import (
    REFUND_METHODS,
    TENDER_TYPES,
    RefundMethodNotAllowed,
    ReturnPolicy,
    pay_backs,
)

types = st.sampled_from(TENDER_TYPES)
_PAID_OUT: tuple[TenderType, ...] = ("cash", "store_credit", "bank_transfer")


@st.composite
def tenders(draw: st.DrawFn) -> list[Tender]:
    """Up to six tenders, each partly promised, let go, given back, and rounded where it is cash."""
    found = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        kind = draw(types)
        taken, promised, let_go = (
            draw(st.integers(0, 20) | st.integers(0, 10**12)) for _ in range(3)
        )
        rounding = draw(st.integers(-2, min(2, taken))) if kind == "cash" else 0
        found.append(
            Tender(
                number=number,
                type=kind,
                amount_minor=taken + promised + let_go,
                reference=None,
                uncaptured_minor=promised,
                voided_minor=let_go,
                rounding_minor=rounding,
                refunded_minor=draw(st.integers(0, taken - rounding)),
            )
        )
    return found


@st.composite
def matrices(draw: st.DrawFn) -> dict[TenderType, tuple[TenderType, ...]]:
    """Some rows of a matrix; a tender that is left out goes by the default."""
    ways = st.sampled_from(_PAID_OUT)
    return {
        purchase: tuple(
            draw(st.lists(ways | st.just(purchase), min_size=1, max_size=4, unique=True))
        )
        for purchase in draw(st.lists(types, unique=True))
    }


policies = st.builds(
    ReturnPolicy,
    channel=st.just("web"),
    refund_by=st.sampled_from(["original_shares", "priority"]),
    priority=st.lists(types, unique=True).map(tuple),
    refund_methods=st.just(dict(REFUND_METHODS)) | matrices(),
)


def amounts(paid: list[Tender]) -> st.SearchStrategy[int]:
    whole = sum(tender.left_minor for tender in paid)
    return st.integers(0, whole) | st.just(whole) | st.integers(0, min(whole, 10))


@given(tenders(), policies, st.data())
def test_a_refund_sums_and_no_tender_gives_more_than_it_has(
    paid: list[Tender], policy: ReturnPolicy, data: st.DataObject
) -> None:
    amount = data.draw(amounts(paid))

    found = pay_backs(paid, amount, policy, None)

    assert not isinstance(found, RefundMethodNotAllowed)
    assert sum(one.amount_minor for one in found) == amount
    assert all(one.amount_minor > 0 and one.account_id is None for one in found)
    assert len({(one.tender_number, one.method) for one in found}) == len(found)
    numbers = [one.tender_number for one in found]
    assert numbers == sorted(numbers)
    for tender in paid:
        gives = [one for one in found if one.tender_number == tender.number]
        assert sum(one.amount_minor for one in gives) <= tender.left_minor
        # What was never taken is let go: it is paid out no other way.
        paid_out = sum(one.amount_minor for one in gives if one.method is not None)
        assert paid_out <= tender.left_minor - tender.uncaptured_minor


@given(tenders(), policies, st.data())
def test_nothing_is_let_go_while_something_that_was_taken_is_left(
    paid: list[Tender], policy: ReturnPolicy, data: st.DataObject
) -> None:
    amount = data.draw(amounts(paid))
    taken = {tender.number: tender.left_minor - tender.uncaptured_minor for tender in paid}

    found = pay_backs(paid, amount, policy, None)

    assert not isinstance(found, RefundMethodNotAllowed)
    gives = dict.fromkeys(taken, 0)
    for one in found:
        gives[one.tender_number] += one.amount_minor
    if amount <= sum(taken.values()):
        assert all(gives[number] <= had for number, had in taken.items())
    else:
        assert all(gives[number] >= had for number, had in taken.items())


@given(tenders(), policies, types, st.data())
def test_all_of_it_goes_back_as_asked_or_is_refused(
    paid: list[Tender], policy: ReturnPolicy, asked: TenderType, data: st.DataObject
) -> None:
    """It is asked for in a way that each tender allows, else it names one that does not."""
    amount = data.draw(amounts(paid))
    types_by_number = {tender.number: tender.type for tender in paid}

    found = pay_backs(paid, amount, policy, asked)

    if isinstance(found, RefundMethodNotAllowed):
        purchase = found.fields["purchase"]
        assert purchase in types_by_number.values()
        assert asked not in policy.methods(purchase)
        assert found.fields["allowed"] == list(policy.methods(purchase))
        return
    assert sum(one.amount_minor for one in found) == amount
    for one in found:
        assert one.method in {None, asked}
        if one.method is not None:
            purchase = types_by_number[one.tender_number]
            assert one.method != purchase
            assert one.method in policy.methods(purchase)


@given(tenders(), policies, st.data())
def test_returned_piece_by_piece_everything_goes_back(
    paid: list[Tender], policy: ReturnPolicy, data: st.DataObject
) -> None:
    """Any sequence of refunds that comes to everything empties every tender."""
    left = {tender.number: tender.left_minor for tender in paid}
    pieces = data.draw(st.integers(1, 8))
    while total := sum(left.values()):
        piece = data.draw(st.integers(1, total)) if pieces > 1 else total
        pieces -= 1
        standing = [
            Tender(
                number=tender.number,
                type=tender.type,
                amount_minor=left[tender.number],
                reference=None,
            )
            for tender in paid
        ]
        found = pay_backs(standing, piece, policy, None)
        assert not isinstance(found, RefundMethodNotAllowed)
        for one in found:
            left[one.tender_number] -= one.amount_minor
            assert left[one.tender_number] >= 0


@given(tenders(), st.data())
def test_original_shares_are_those_of_what_each_has_left(
    paid: list[Tender], data: st.DataObject
) -> None:
    """Of what was taken alone, it is the split of decision 12; so a cent never depends on the way."""
    had = [tender.left_minor - tender.uncaptured_minor for tender in paid]
    amount = data.draw(st.integers(0, sum(had)))

    found = pay_backs(paid, amount, ReturnPolicy(channel="web"), None)

    assert not isinstance(found, RefundMethodNotAllowed)
    gives = {one.tender_number: one.amount_minor for one in found}
    assert [gives.get(tender.number, 0) for tender in paid] == split(amount, had)


@given(tenders(), st.lists(types, unique=True).map(tuple), st.data())
def test_by_priority_a_later_tender_gives_only_when_the_earlier_are_empty(
    paid: list[Tender], priority: tuple[TenderType, ...], data: st.DataObject
) -> None:
    policy = ReturnPolicy(channel="web", refund_by="priority", priority=priority)
    had = {tender.number: tender.left_minor - tender.uncaptured_minor for tender in paid}
    amount = data.draw(st.integers(0, sum(had.values())))

    found = pay_backs(paid, amount, policy, None)

    assert not isinstance(found, RefundMethodNotAllowed)
    gives = {one.tender_number: one.amount_minor for one in found}
    listed = [tender for kind in priority for tender in paid if tender.type == kind]
    order = [*listed, *(tender for tender in paid if tender.type not in priority)]
    emptied = [gives.get(tender.number, 0) == had[tender.number] for tender in order]
    for position, tender in enumerate(order):
        if gives.get(tender.number, 0):
            assert all(emptied[:position])
