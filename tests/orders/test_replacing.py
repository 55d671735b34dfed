"""What replaces units of a line is worth what these came to, whatever the prices: no database."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omniretail import inventory, pricing
from omniretail.ids import new_id
from omniretail.money import MOST_MINOR
from omniretail.orders import Fulfillment, Order, OrderLine, Replacement, claimed, replaced

NOON = datetime(2026, 7, 6, 12, tzinfo=UTC)


def _order(line: OrderLine) -> Order:
    return Order(
        id=new_id(),
        number="1",
        channel="web",
        location=None,
        currency="EUR",
        total_minor=line.total_minor,
        book_version=1,
        placed_by=new_id(),
        placed_at=NOON,
        version=1,
        fulfillments=(
            Fulfillment(
                id=new_id(), number=1, kind="ship", location="WH", lines=(line,), state="shipped"
            ),
        ),
        tenders=(),
    )


def _again(order: Order, number: int, quantity: int, kind: Any = "ship") -> Order:
    units = {number: quantity}
    wanted = claimed(order, units)
    assert isinstance(wanted, Order), wanted
    wish = Replacement(fulfillment_id=new_id(), kind=kind, location="WH", occurred_at=NOON)
    after = replaced(wanted, units, wish, inventory.Stock({}))
    assert isinstance(after, Order)
    return after


@st.composite
def _lines(draw: st.DrawFn) -> OrderLine:
    """A line that was sold as lines are, perhaps at an adjusted price since."""
    quantity = draw(st.integers(1, 12))
    unit = draw(st.integers(0, 5000))
    off = draw(st.lists(st.integers(1, 900), max_size=3))
    discounts = tuple(pricing.Discount(f"p{n}", minor) for n, minor in enumerate(off))
    charged = unit * quantity - sum(off)
    if charged < 0:
        discounts, charged = (), unit * quantity
    included = draw(st.booleans())
    rate = draw(st.sampled_from([0, 70_000, 190_000, 250_000]))
    tax = charged * rate // (1_000_000 + rate if included else 1_000_000)
    total = charged if included else charged + tax
    adjusted = draw(st.none() | st.integers(0, total))
    return OrderLine(
        number=1,
        sku="A",
        quantity=quantity,
        list_price_minor=unit,
        unit_price_minor=unit,
        price_reason=None,
        total_minor=total,
        fulfilled_quantity=quantity,
        discounts=discounts,
        tax_included=included,
        tax_rate_ppm=rate,
        tax_minor=tax,
        adjusted_total_minor=adjusted,
        adjusted_tax_minor=None if adjusted is None else adjusted // 6,
    )


@given(_lines(), st.data())
def test_nothing_is_lost_however_it_is_replaced(line: OrderLine, data: st.DataObject) -> None:
    """Replaced in any portions, the order costs what it did, and each new line what its price says."""
    order = _order(line)
    before, last, left = order.kept_minor, 1, line.quantity
    while left:
        quantity = data.draw(st.integers(1, left))
        order, left, last = _again(order, 1, quantity), left - quantity, last + 1
        new = order.fulfillments[-1].lines[0]
        assert (new.number, new.quantity, new.part_of) == (last, quantity, 1)
        off = sum(discount.amount_minor for discount in new.discounts)
        charged = new.total_minor if new.tax_included else new.total_minor - new.tax_minor
        assert charged == new.unit_price_minor * quantity - off
        assert all(discount.amount_minor > 0 for discount in new.discounts)
        assert 0 <= new.tax_minor <= new.total_minor

    assert order.kept_minor == before
    assert order.total_minor == sum(one.total_minor for one in order.lines)
    assert order.total_minor - order.exchanged_minor == line.total_minor
    assert next(order.lines).kept_minor == 0


@given(_lines(), st.integers(1, 12))
def test_what_is_replaced_twice_is_worth_the_same(line: OrderLine, quantity: int) -> None:
    """What replaced a unit may be broken as well."""
    units = min(quantity, line.quantity)
    once = _again(_order(line), 1, units, "carry_out")
    twice = _again(once, 2, units)
    first, second = (part.lines[0] for part in twice.fulfillments[1:])

    assert (second.worth_minor, second.part_of) == (first.worth_minor, 1)
    assert second.worth_minor == second.kept_minor
    assert twice.kept_minor == once.kept_minor


def test_an_order_can_only_grow_so_far() -> None:
    """The books hold no larger order."""
    line = OrderLine(
        number=1,
        sku="A",
        quantity=1,
        list_price_minor=MOST_MINOR,
        unit_price_minor=MOST_MINOR,
        price_reason=None,
        total_minor=MOST_MINOR,
        fulfilled_quantity=1,
    )
    order = claimed(_order(line), {1: 1})
    assert isinstance(order, Order)
    wish = Replacement(fulfillment_id=new_id(), kind="ship", location="WH", occurred_at=NOON)

    assert isinstance(replaced(order, {1: 1}, wish, inventory.Stock({})), pricing.AmountTooLarge)
