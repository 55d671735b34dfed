"""What orders take, let go and give back, for tenders of every type, whatever happens first."""

from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import pricing
from omniretail.money import split, to_step
from omniretail.orders.order import Fulfillment, Order, OrderLine, Tender, TenderType
from omniretail.orders.settlement import due_minor, given_up, settled
from omniretail.orders.world import with_lines

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TYPES: tuple[TenderType, ...] = get_args(TenderType)
# Cash is in the drawer at once; all others may be promised first.
PROMISED = {"card", "ewallet", "bank_transfer", "gift_card", "store_credit"}


def make(*lines: OrderLine, tenders: tuple[Tender, ...] = (), shipping_minor: int = 0) -> Order:
    part = Fulfillment(id=UUID(int=2), number=1, kind="ship", location="WH", lines=lines)
    shipping = _shipping(shipping_minor) if shipping_minor else None
    return Order(
        id=UUID(int=1),
        number="n",
        channel="web",
        location=None,
        currency="EUR",
        total_minor=sum(line.total_minor for line in lines) + shipping_minor,
        book_version=1,
        placed_by=UUID(int=3),
        placed_at=NOW,
        version=1,
        fulfillments=(part,),
        tenders=tenders,
        shipping=shipping,
    )


def _shipping(minor: int) -> pricing.PricedLine:
    return pricing.PricedLine(
        list_price_minor=minor,
        price_list=None,
        unit_price_minor=minor,
        tax_class="standard",
        tax_included=True,
        tax_rate_ppm=None,
        net_minor=minor,
        tax_minor=0,
        total_minor=minor,
    )


def of(number: int, quantity: int, total_minor: int, **more: Any) -> OrderLine:
    return OrderLine(
        number=number,
        sku=f"S{number}",
        quantity=quantity,
        list_price_minor=total_minor,
        unit_price_minor=total_minor,
        price_reason=None,
        total_minor=total_minor,
        **more,
    )


@st.composite
def placed_orders(draw: st.DrawFn) -> Order:
    """An order as it is placed: tenders of any type sum to its total, some of them promised only."""
    lines = tuple(
        of(number + 1, draw(st.integers(1, 6)), draw(st.integers(0, 9_999)))
        for number in range(draw(st.integers(1, 3)))
    )
    shipping_minor = draw(st.sampled_from([0, 0, 499]))
    total = sum(line.total_minor for line in lines) + shipping_minor
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    tenders = []
    for number, share in enumerate(split(total, weights), start=1):
        kind = draw(st.sampled_from(TYPES))
        step = draw(st.sampled_from([1, 5])) if kind == "cash" else 1
        coins = to_step(share, step) - share
        tenders.append(
            Tender(
                number=number,
                type=kind,
                amount_minor=share + coins,
                reference=None,
                rounding_minor=coins,
                cash_step_minor=step,
                uncaptured_minor=share if kind in PROMISED and draw(st.booleans()) else 0,
            )
        )
    return make(*lines, tenders=tuple(tenders), shipping_minor=shipping_minor)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fulfill", "cancel", "adjust"]), st.integers(0, 2), st.integers(1, 6)
    ),
    max_size=12,
)


def stepped(order: Order, kind: str, which: int, units: int) -> Order:
    """Take one step: so many units of a line reach the customer or are cancelled, or it costs less."""
    lines = list(order.lines)
    chosen = lines[which % len(lines)]
    units = min(units, chosen.open_quantity)
    if kind == "adjust":
        less = replace(chosen, adjusted_total_minor=chosen.worth_minor * 2 // 3)
        if less.worth_minor >= chosen.worth_minor or not chosen.open_quantity:
            return order
        return with_lines(order, lambda line: less if line.number == chosen.number else line)
    more = (
        {"fulfilled_quantity": chosen.fulfilled_quantity + units}
        if kind == "fulfill"
        else {"cancelled_quantity": chosen.cancelled_quantity + units}
    )
    return with_lines(
        order, lambda line: replace(line, **more) if line.number == chosen.number else line
    )


def promised_minor(order: Order) -> int:
    """What could still be taken: all that was promised but what a bank sends by itself."""
    return sum(
        tender.uncaptured_minor for tender in order.tenders if tender.type != "bank_transfer"
    )


def sound(before: Order, after: Order) -> None:
    """Assert what holds of tenders after any change."""
    assert sum(tender.left_minor for tender in after.tenders) == after.kept_minor
    for was, tender in zip(before.tenders, after.tenders, strict=True):
        assert 0 <= tender.uncaptured_minor <= was.uncaptured_minor
        assert was.voided_minor <= tender.voided_minor
        assert 0 <= was.captured_minor <= tender.captured_minor <= tender.amount_minor
        assert was.refunded_minor <= tender.refunded_minor <= tender.captured_minor
        assert tender.left_minor >= 0
        assert tender.refunded_minor % tender.cash_step_minor == 0
        assert 2 * abs(tender.refunded_rounding_minor) <= tender.cash_step_minor
        # What was only promised is let go before anything that was taken goes back.
        if tender.refunded_minor > was.refunded_minor:
            assert tender.uncaptured_minor == 0
    taken = sum(
        tender.left_minor - tender.uncaptured_minor
        for tender in after.tenders
        if tender.type != "bank_transfer"
    )
    by_bank = sum(tender.left_minor for tender in after.tenders if tender.type == "bank_transfer")
    # All that is due was taken, as far as anybody promised to pay it by something else than a bank.
    assert taken + by_bank >= due_minor(after)
    if not any(line.open_quantity for line in after.lines):
        assert promised_minor(after) == 0


@given(placed_orders(), STEPS)
def test_money_follows_goods(order: Order, steps: list[tuple[str, int, int]]) -> None:
    """Given any order, when units go, are cancelled or get cheaper, then what is left is what is kept."""
    for kind, which, units in steps:
        after = stepped(order, kind, which, units)
        sound(order, after)
        order = after


@given(placed_orders(), STEPS)
def test_at_the_end_all_is_taken_or_back(order: Order, steps: list[tuple[str, int, int]]) -> None:
    """Given any order, when the last unit is gone or cancelled, then nothing is promised any more."""
    for kind, which, units in steps:
        order = stepped(order, kind, which, units)
    for which, line in enumerate(list(order.lines)):
        order = stepped(order, "fulfill" if which else "cancel", which, line.quantity)

    assert promised_minor(order) == 0
    assert all(
        tender.uncaptured_minor == 0 for tender in order.tenders if tender.type != "bank_transfer"
    )
    assert order.payment_status in {"paid", "partly_refunded", "refunded", "unpaid"}


@given(placed_orders())
def test_cancelling_all_gives_all_back(order: Order) -> None:
    """Given any order, when all of it is cancelled, shipping goes too, and nobody has paid anything."""
    after = order
    for which, line in enumerate(list(order.lines)):
        after = stepped(after, "cancel", which, line.quantity)

    assert after.kept_minor == 0
    for was, tender in zip(order.tenders, after.tenders, strict=True):
        assert tender.left_minor == 0
        assert tender.voided_minor == was.uncaptured_minor
        assert tender.refunded_minor == tender.captured_minor == was.captured_minor


def test_a_parcel_at_a_time() -> None:
    """Given 3 × 20.00 and 4.99 authorized, when 1 and 1 leave and 1 is cancelled, then so is money."""
    card = Tender(number=1, type="card", amount_minor=6499, reference="p", uncaptured_minor=6499)
    order = make(of(1, 3, 6000), tenders=(card,), shipping_minor=499)

    one = stepped(order, "fulfill", 0, 1)
    two = stepped(one, "fulfill", 0, 1)
    last = stepped(two, "cancel", 0, 1)

    figures = [(told.captured_minor, told.voided_minor) for told in (one, two, last)]
    assert figures == [(2499, 0), (4499, 0), (4499, 2000)]
    assert [told.payment_status for told in (order, one, two, last)] == [
        *("authorized", "authorized", "authorized", "partly_refunded"),
    ]


def test_money_by_bank_comes_by_itself() -> None:
    bank = Tender(
        number=1, type="bank_transfer", amount_minor=4000, reference=None, uncaptured_minor=4000
    )
    gone = stepped(make(of(1, 2, 4000), tenders=(bank,)), "fulfill", 0, 2)

    assert (gone.captured_minor, gone.payment_status) == (0, "unpaid")


def test_each_tender_gives_up_its_share() -> None:
    """Given 10.00 paid in cash and 50.00 promised by card, when 20.00 less, then 3.33 and 16.67 less."""
    cash = Tender(number=1, type="cash", amount_minor=1000, reference=None)
    card = Tender(number=2, type="card", amount_minor=5000, reference="p", uncaptured_minor=5000)

    back, let_go = given_up((cash, card), 2000)

    assert (back.refunded_minor, back.voided_minor) == (333, 0)
    assert (let_go.refunded_minor, let_go.voided_minor) == (0, 1667)


def test_what_was_taken_in_part_is_let_go_first() -> None:
    """Given 20.00 of 60.00 taken, when 50.00 less, then 40.00 are let go and 10.00 given back."""
    card = Tender(number=1, type="card", amount_minor=6000, reference="p", uncaptured_minor=4000)

    (after,) = given_up((card,), 5000)

    assert (after.voided_minor, after.refunded_minor, after.uncaptured_minor) == (4000, 1000, 0)
    assert (after.captured_minor, after.left_minor) == (2000, 1000)


def test_nothing_changes_where_nothing_costs_less() -> None:
    order = make(
        of(1, 1, 500), tenders=(Tender(number=1, type="cash", amount_minor=500, reference=None),)
    )

    assert settled(order, order) == order


@st.composite
def lines_to_divide(draw: st.DrawFn) -> tuple[OrderLine, int]:
    """A line of several units at any stage, and how many of them its first part shall have."""
    quantity = draw(st.integers(2, 30))
    total = draw(st.integers(0, 10**9))
    tax = draw(st.integers(0, total))
    worth = draw(st.none() | st.integers(0, total))
    fulfilled = draw(st.integers(0, quantity))
    discounts = tuple(
        pricing.Discount(f"p{number}", amount, None)
        for number, amount in enumerate(draw(st.lists(st.integers(1, 10**6), max_size=3)))
    )
    line = of(
        1,
        quantity,
        total,
        tax_minor=tax,
        adjusted_total_minor=worth,
        adjusted_tax_minor=None if worth is None else draw(st.integers(0, worth)),
        fulfilled_quantity=fulfilled,
        cancelled_quantity=draw(st.integers(0, quantity - fulfilled)),
        discounts=discounts,
    )
    return line, draw(st.integers(1, quantity - 1))


def off(line: OrderLine) -> dict[str, int]:
    """What each promotion took off."""
    return {one.promotion: one.amount_minor for one in line.discounts}


@given(lines_to_divide())
def test_a_line_is_divided_to_the_cent(case: tuple[OrderLine, int]) -> None:
    """Given any line, when it is divided, then its parts are it, in every figure."""
    line, units = case
    first, second = line.divided(units, 7)

    assert (first.number, first.part_of, first.quantity) == (1, None, units)
    assert (second.number, second.part_of, second.sku) == (7, 1, line.sku)
    assert first.unit_price_minor == second.unit_price_minor == line.unit_price_minor
    for figure in (
        *("quantity", "total_minor", "tax_minor", "fulfilled_quantity"),
        *("cancelled_quantity", "open_quantity", "worth_minor"),
    ):
        assert getattr(first, figure) + getattr(second, figure) == getattr(line, figure), figure
    for figure in ("adjusted_total_minor", "adjusted_tax_minor"):
        parts = [getattr(part, figure) for part in (first, second)]
        whole = getattr(line, figure)
        assert parts == [None, None] if whole is None else sum(parts) == whole
    assert off(line) == {
        name: off(first).get(name, 0) + off(second).get(name, 0) for name in off(line)
    }
    for part in (first, second):
        assert part.open_quantity >= 0
        assert 0 <= part.tax_minor <= part.total_minor
        assert all(amount > 0 for amount in off(part).values())
        if part.adjusted_total_minor is not None:
            assert part.adjusted_tax_minor is not None
            assert 0 <= part.adjusted_tax_minor <= part.adjusted_total_minor
    if not line.cancelled_quantity:
        assert first.kept_minor + second.kept_minor == line.kept_minor == line.worth_minor


@given(lines_to_divide(), st.data())
def test_a_part_is_divided_once_more(case: tuple[OrderLine, int], data: st.DataObject) -> None:
    """Given a divided line, when a part is divided again, then it is still part of the line as ordered."""
    _, part = case[0].divided(case[1], 2)
    if part.quantity == 1:
        return
    left, right = part.divided(data.draw(st.integers(1, part.quantity - 1)), 3)

    assert (left.number, left.part_of, right.number, right.part_of) == (2, 1, 3, 1)
    assert left.total_minor + right.total_minor == part.total_minor
