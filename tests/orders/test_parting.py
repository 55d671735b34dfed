"""Taking units from a line, or lines from a fulfillment: every amount stays what it was."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import pricing
from omniretail.ids import new_id
from omniretail.orders.order import Fulfillment, Order, OrderLine, Tender
from omniretail.orders.parting import dealt, left_behind, moved_to, parted
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
        fulfilled_quantity=draw(st.integers(0, quantity - cancelled)),
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
    order = Order(
        id=new_id(),
        number="1",
        channel="web",
        location=None,
        currency="EUR",
        total_minor=total,
        book_version=1,
        placed_by=new_id(),
        placed_at=NOW,
        version=1,
        fulfillments=(part,),
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
            adjusted_total_minor=None,
            adjusted_tax_minor=None,
        )
        for line in made
    )
    return settled(replace(order, fulfillments=(replace(part, lines=fresh),)), order)


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
    for name in ("total_minor", "tax_minor", "worth_minor", "quantity", "open_quantity"):
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
        if line.fulfilled_quantity:
            assert line.fulfilled_quantity == stood[line.number].fulfilled_quantity
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
