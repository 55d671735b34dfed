"""Taking units from a line, or lines from a fulfillment: every amount stays what it was."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import pricing
from omniretail.ids import new_id
from omniretail.orders.order import Fulfillment, Order, OrderLine, Tender
from omniretail.orders.parting import dealt, left_behind, moved_to, parted
from omniretail.orders.returning import come_back, unclaimed
from omniretail.orders.settlement import due_minor, settled, taken

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@st.composite
def lines(draw: st.DrawFn, number: int) -> OrderLine:
    """A line as far along as it may be, with odd amounts."""
    quantity = draw(st.integers(1, 12))
    cancelled = draw(st.integers(0, quantity))
    total = draw(st.integers(0, 10_001))
    adjusted = draw(st.none() | st.integers(0, total))
    off = draw(st.integers(0, 7))
    fulfilled = draw(st.integers(0, quantity - cancelled))
    returned = draw(st.integers(0, fulfilled))
    return OrderLine(
        number=number,
        sku=draw(st.sampled_from("AB")),
        quantity=quantity,
        list_price_minor=100,
        unit_price_minor=100,
        price_reason=None,
        total_minor=total,
        tax_minor=draw(st.integers(0, total)),
        cancelled_quantity=cancelled,
        fulfilled_quantity=fulfilled,
        returned_quantity=returned,
        received_quantity=draw(st.integers(0, returned)),
        refunded_quantity=draw(st.integers(0, returned)),
        adjusted_total_minor=adjusted,
        adjusted_tax_minor=None if adjusted is None else draw(st.integers(0, adjusted)),
        discounts=(pricing.Discount("P", off, None),) if off else (),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order of one fulfillment, paid by up to two tenders, part of it captured."""
    made = tuple(draw(lines(number)) for number in range(1, draw(st.integers(1, 3)) + 1))
    total = sum(line.total_minor for line in made)
    part = Fulfillment(id=new_id(), number=1, kind="ship", location="S1", lines=made)
    first = draw(st.integers(0, total))
    amounts = [amount for amount in (first, total - first) if amount]
    order = replace(
        _order((part,), total),
        tenders=tuple(
            Tender(
                number=number,
                type="card",
                amount_minor=amount,
                reference="p",
                uncaptured_minor=draw(st.sampled_from([0, amount])),
            )
            for number, amount in enumerate(amounts, start=1)
        ),
    )
    # As its cancellations and price adjustments, and what reached the customer, have left it.
    fresh = tuple(
        replace(
            line,
            cancelled_quantity=0,
            fulfilled_quantity=0,
            returned_quantity=0,
            received_quantity=0,
            refunded_quantity=0,
            adjusted_total_minor=None,
            adjusted_tax_minor=None,
        )
        for line in made
    )
    return settled(replace(order, fulfillments=(replace(part, lines=fresh),)), order)


def _order(parts: tuple[Fulfillment, ...], total_minor: int) -> Order:
    return Order(
        id=new_id(),
        number="1",
        channel="web",
        location=None,
        currency="EUR",
        total_minor=total_minor,
        book_version=1,
        placed_by=new_id(),
        placed_at=NOW,
        version=1,
        fulfillments=parts,
        tenders=(),
    )


def rejected(order: Order, data: st.DataObject) -> Order:
    """The order after some of its open units went elsewhere, to up to three places or to nobody."""
    part = order.fulfillments[0]
    units = {
        line.number: data.draw(st.integers(0, line.open_quantity))
        for line in part.lines
        if line.open_quantity
    }
    stays, leaves, last = parted(part, units, max(line.number for line in order.lines))
    route: dict[str, list[tuple[int, int]]] = {}
    for at, line in enumerate(leaves):
        if data.draw(st.booleans()):
            left = line.quantity
            for location in ("S2", "S3"):
                here = data.draw(st.integers(0, left))
                left -= here
                if here:
                    route.setdefault(location, []).append((at, here))
            if left:
                route.setdefault("WH", []).append((at, left))
    served, _ = dealt(leaves, route, last)
    new = list(moved_to(order, part, served))
    positions = {at for units_at in route.values() for at, _ in units_at}
    rest = [line for at, line in enumerate(leaves) if at not in positions]
    left_over = left_behind(part, stays, rest, len(new) + 2)
    return replace(order, fulfillments=(*left_over, *new))


@given(orders(), st.data())
def test_no_rejection_changes_what_anything_costs(order: Order, data: st.DataObject) -> None:
    after = rejected(order, data)

    assert after.kept_minor == order.kept_minor
    assert due_minor(after) == due_minor(order)
    assert settled(order, after).tenders == taken(order.tenders, due_minor(order)) == order.tenders
    assert after.payment_status == order.payment_status
    for name in (
        "total_minor",
        "tax_minor",
        "worth_minor",
        "worth_tax_minor",
        "kept_tax_minor",
        "quantity",
        "open_quantity",
        "cancelled_quantity",
        "returned_quantity",
        "received_quantity",
        "refunded_quantity",
        "returnable_quantity",
    ):
        assert sum(getattr(line, name) for line in after.lines) == sum(
            getattr(line, name) for line in order.lines
        ), name
    off = [sum(one.amount_minor for one in each.discounts) for each in (after, order)]
    assert off[0] == off[1]


@given(orders(), st.data())
def test_lines_stay_what_they_are(order: Order, data: st.DataObject) -> None:
    """Each line has its number for itself, and its fulfilled units are where parcels name them."""
    after = rejected(order, data)

    numbers = [line.number for line in after.lines]
    assert len(numbers) == len(set(numbers))
    stood = {line.number: line for line in order.lines}
    for line in after.lines:
        assert 0 <= line.fulfilled_quantity + line.cancelled_quantity <= line.quantity
        assert 0 <= line.tax_minor <= line.total_minor
        assert 0 <= (line.adjusted_tax_minor or 0) <= line.worth_minor <= line.total_minor
        whole = stood[line.part_of or line.number]
        assert (line.sku, whole.part_of) == (whole.sku, None)
        assert line.refunded_quantity <= line.returned_quantity <= line.fulfilled_quantity
        assert line.received_quantity <= line.returned_quantity
        if line.gone_quantity == line.quantity:
            continue
        if line.fulfilled_quantity:
            # What was paid back may have become a line of its own; the rest is named as before.
            was = stood[line.number]
            paid_back = was.refunded_quantity - line.refunded_quantity
            assert line.fulfilled_quantity == was.fulfilled_quantity - paid_back
    assert [sum(line.fulfilled_quantity for line in each.lines) for each in (after, order)] == [
        sum(line.fulfilled_quantity for line in order.lines)
    ] * 2


@given(orders(), st.data())
def test_a_fulfillment_is_in_a_state_that_its_lines_allow(
    order: Order, data: st.DataObject
) -> None:
    before = order.fulfillments[0]
    for part in rejected(order, data).fulfillments:
        fulfilled = any(line.fulfilled_quantity for line in part.lines)
        if part.state == "rejected":
            # Nothing of it was promised and let go before: the audit goes by that.
            assert all(line.open_quantity == line.quantity for line in part.lines)
        elif part.is_open:
            assert part.state == "allocated"
        elif part.id != before.id or part.lines != before.lines:
            assert part.state == ("shipped" if fulfilled else "cancelled")


@given(orders(), st.data())
def test_what_is_awaited_back_still_comes_back(order: Order, data: st.DataObject) -> None:
    """Goods of a return come back, though units paid back ahead of them are a line of their own now."""
    after = rejected(order, data)
    awaited = {
        line.number: line.returned_quantity - line.received_quantity
        for line in order.lines
        if line.returned_quantity > line.received_quantity
    }

    came = come_back(after, awaited)

    assert came.kept_minor == order.kept_minor
    for line in came.lines:
        assert line.received_quantity == line.returned_quantity
    assert [line.refunded_quantity for line in came.lines] == [
        line.refunded_quantity for line in after.lines
    ]


def test_units_paid_back_ahead_make_room_for_each_other() -> None:
    """Of 4 shipped 2 are paid back ahead, 1 more is in a return; 2 come, and then that one is given up."""
    line = OrderLine(
        number=1,
        sku="A",
        quantity=5,
        list_price_minor=100,
        unit_price_minor=100,
        price_reason=None,
        total_minor=500,
        fulfilled_quantity=4,
        returned_quantity=3,
        refunded_quantity=2,
    )
    part = Fulfillment(id=new_id(), number=1, kind="ship", location="WH", lines=(line,))
    stays, leaves, _ = parted(part, {1: 1}, 1)
    order = replace(_order((replace(part, lines=(*stays, *leaves)),), 500), tenders=())

    came = come_back(order, {1: 2})
    after = unclaimed(came, {1: 1})

    assert [
        (one.number, one.quantity, one.returned_quantity, one.received_quantity)
        for one in sorted(after.lines, key=lambda one: one.number)
    ] == [(1, 2, 0, 0), (2, 2, 2, 2), (3, 1, 0, 0)]
