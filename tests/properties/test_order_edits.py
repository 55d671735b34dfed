"""Edits, exchanges, cancellations, shipments and captures in any order: all books agree after each."""

import copy
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import catalog, payments, pricing
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory import Level, Stock
from omniretail.orders import changing, edits
from omniretail.orders.cancelling import Cancel
from omniretail.orders.capturing import CapturePayment, ReceivePayment
from omniretail.orders.order import Fulfillment, Order, OrderLine, Tender
from omniretail.orders.paying import change_accounts
from omniretail.orders.stepping import Fulfill
from omniretail.orders.surroundings import Surroundings
from omniretail.orders.wishes import FulfillmentWish, LineWish, TenderGiven
from omniretail.orders.world import World
from omniretail.returns import Arrival, Exchange, Exchanged, LineBack, ReturnPolicy
from omniretail.returns import desk as counter
from omniretail.returns.exchanging import exchanged, previewed
from tests.pricing.books import NOON, VAT_20, shelf
from tests.properties.around import STAFF, key, surroundings

SKUS = {"A": 1999, "B": 501, "C": 99}
HALF_OFF_B = pricing.Promotion(
    code="HALF-B", name="Half off B", action=pricing.Percent(rate_ppm=500_000), skus=frozenset("B")
)
CREDIT_MINOR = 100_000


class Desk:
    """One order, and all that changing it asks: stock, prices, a store credit that pays some of it."""

    def __init__(self, units: dict[str, int], discount: int, weights: list[int]) -> None:
        account = payments.Account(
            id=new_id(),
            kind="store_credit",
            last4=None,
            customer=None,
            currency="EUR",
            balance_minor=CREDIT_MINOR,
            held_minor=0,
            status="active",
            expires_at=None,
            created_at=NOON,
            version=1,
        )
        self.credit = account.id
        self.accounts = payments.Accounts([account], {})
        self.book = shelf(
            SKUS,
            HALF_OFF_B,
            rates=VAT_20,
            kept=pricing.Currency(code="EUR", exponent=2, cash_step_minor=5),
        )
        self.stock = Stock(
            {(sku, "WH"): Level(on_hand=12, allocated=units.get(sku, 0)) for sku in SKUS}
        )
        self.order = self._placed(units, discount, weights)
        self.taken: list[Order] = [self.order]

    def _placed(self, units: dict[str, int], discount: int, weights: list[int]) -> Order:
        lines = []
        for number, (sku, quantity) in enumerate(units.items(), start=1):
            total = SKUS[sku] * quantity - discount
            parts = pricing.taxed(
                total, 200_000, included=True, rounding="half_up", per="line", quantity=quantity
            )
            lines.append(
                OrderLine(
                    number=number,
                    sku=sku,
                    quantity=quantity,
                    list_price_minor=SKUS[sku],
                    unit_price_minor=SKUS[sku],
                    price_reason=None,
                    total_minor=total,
                    tax_minor=parts.tax_minor,
                    tax_rate_ppm=200_000,
                )
            )
        total = sum(line.total_minor for line in lines)
        card, credit, transfer = pricing_split(total, weights)
        tenders: list[Tender] = []
        for kind, amount, more in (
            ("card", card, {"payment_id": new_id()}),
            ("store_credit", credit, {"account_id": self.credit}),
            ("bank_transfer", transfer, {}),
        ):
            if amount:
                fields: dict[str, Any] = {"type": kind, "uncaptured_minor": amount} | more
                number = len(tenders) + 1
                tenders.append(Tender(number=number, amount_minor=amount, reference=None, **fields))
        order = Order(
            id=new_id(),
            number="1",
            channel="web",
            location=None,
            currency="EUR",
            total_minor=total,
            book_version=1,
            placed_by=STAFF.id,
            placed_at=NOON,
            version=1,
            fulfillments=(
                Fulfillment(id=new_id(), number=1, kind="ship", location="WH", lines=tuple(lines)),
            ),
            tenders=tuple(tenders),
        )
        for tender in tenders:
            if tender.account_id:
                source = payments.EntrySource(actor_id=STAFF.id, occurred_at=NOON)
                amount = tender.amount_minor
                assert not self.accounts.hold(self.credit, amount, "EUR", source, now=NOON)
        return order

    @property
    def surroundings(self) -> Surroundings:
        return surroundings(
            book=self.book,
            stock=self.stock,
            accounts=self.accounts,
            skus={sku: catalog.SkuTraits("active") for sku in SKUS},
            locations={"WH": catalog.LocationSpec(code="WH", name="WH")},
            now=NOON,
        )

    def edit(self, stays: dict[int, int], added: list[tuple[str, str, int]], by: str) -> None:
        """Edit the order, and pay what is to be paid in one way; a refusal changes nothing."""
        command = edits.EditOrder(
            key=key(),
            principal=STAFF,
            order_id=self.order.id,
            reason="any",
            quantities=stays,
            wanted=wishes(added),
            tenders=(),
            occurred_at=NOON,
        )
        difference = edits.judge(self.surroundings, self.order, command)
        if not isinstance(difference, DomainError) and difference.charge_minor:
            command = replace(command, tenders=self._paying(difference.charge_minor, by))
        self._after(edits.decide(self.surroundings, self.order, command), settled=True)

    def exchange(
        self, line: OrderLine, quantity: int, added: list[tuple[str, str, int]], by: str
    ) -> None:
        """Exchange units of a line, paid as an edit is; a refusal changes nothing."""
        command = Exchange(
            key=key(),
            principal=STAFF,
            return_id=new_id(),
            order=self.order.id,
            lines=(LineBack(order_line=line.number, quantity=quantity, reason="any"),),
            wanted=wishes(added),
            occurred_at=NOON,
            location="WH",
            arrivals=(Arrival(line=1, quantity=quantity, disposition="sellable"),),
        )
        known = self.surroundings
        now_there = counter.Desk(
            orders={self.order.id: self.order},
            returns={},
            stock=self.stock,
            accounts=self.accounts,
            skus=known.skus,
            locations=known.locations,
            policies={"web": ReturnPolicy(channel="web")},
            book=self.book,
            units_sold=frozenset(),
            now=NOON,
        )
        copied = replace(known, stock=copy.deepcopy(self.stock))
        preview = previewed(now_there, copied, command)
        if not isinstance(preview, DomainError):
            command = replace(command, tenders=self._paying(preview.charge_minor, by))
        made = exchanged(now_there, known, command)
        self.stock = now_there.stock
        if not isinstance(made, Exchanged):
            self._after(made, settled=True)
            return
        assert not isinstance(preview, DomainError)
        assert made.doc.exchange is not None
        worth = sum(one.refunded_minor for one in made.doc.lines)
        part = made.doc.exchange
        assert worth == preview.off_minor == part.paid_minor + part.refunded_minor
        assert part.added_minor == part.paid_minor + part.charged_minor
        assert 0 <= made.doc.refunded_tax_minor <= made.doc.refunded_minor
        assert made.order.kept_minor - self.order.kept_minor == part.added_minor - worth
        self._after(made.order, settled=True)

    def _paying(self, amount: int, by: str) -> tuple[TenderGiven, ...]:
        """Return what pays an amount in one way."""
        given: dict[str, Any] = {"type": by, "amount_minor": amount, "currency": "EUR"}
        if by == "cash":
            given["amount_minor"] = round_to_coin(amount)
        if by == "store_credit":
            given["account"] = str(self.credit)
        if by == "bank_transfer":
            given["awaited"] = True
        return (TenderGiven(**given),) if given["amount_minor"] else ()

    def change(self, command: changing.Command) -> None:
        """Take any other step."""
        world = World(orders={self.order.id: self.order}, stock=self.stock, waiting={}, now=NOON)
        self._after(changing.decide(world, command), settled=False)

    def _after(self, outcome: Order | DomainError, *, settled: bool) -> None:
        if isinstance(outcome, DomainError):
            return
        if not settled:
            change_accounts(self.accounts, self.order, outcome, STAFF.id, now=NOON)
        self.order = outcome
        self.taken.append(outcome)


def wishes(added: list[tuple[str, str, int]]) -> tuple[FulfillmentWish, ...]:
    """Return what comes in: of each, how, what and how many."""
    return tuple(
        FulfillmentWish(
            id=new_id(),
            kind=kind,  # type: ignore[arg-type]
            location="WH",
            lines=(LineWish(sku=sku, quantity=quantity),),
        )
        for kind, sku, quantity in added
    )


def pricing_split(total: int, weights: list[int]) -> list[int]:
    first = total * weights[0] // sum(weights)
    second = total * weights[1] // sum(weights)
    return [first, second, total - first - second]


def round_to_coin(amount: int) -> int:
    return (amount + 2) // 5 * 5


def agree(desk: Desk) -> None:
    """Look at the order as the audit would."""
    order = desk.order
    lines = list(order.lines)
    assert order.total_minor == sum(line.total_minor for line in lines)
    paid = sum(tender.amount_minor - tender.rounding_minor for tender in order.tenders)
    assert paid == order.total_minor - order.exchanged_minor
    assert sum(tender.left_minor for tender in order.tenders) == order.kept_minor
    given_up = sum(line.total_minor - line.kept_minor for line in lines) - order.exchanged_minor
    assert given_up == sum(
        tender.refunded_minor - tender.refunded_rounding_minor + tender.voided_minor
        for tender in order.tenders
    )
    for tender in order.tenders:
        assert 0 <= tender.uncaptured_minor <= tender.amount_minor
        assert 0 <= tender.refunded_minor <= tender.captured_minor
        assert tender.refunded_minor % tender.cash_step_minor == 0
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert [part.number for part in order.fulfillments] == list(
        range(1, len(order.fulfillments) + 1)
    )
    for sku in SKUS:
        open_units = sum(line.open_quantity for line in lines if line.sku == sku)
        gone = sum(
            line.fulfilled_quantity - line.received_quantity for line in lines if line.sku == sku
        )
        level = desk.stock.level(sku, "WH")
        assert (level.allocated, level.on_hand) == (open_units, 12 - gone)
    account = desk.accounts.account(desk.credit)
    assert isinstance(account, payments.Account)
    credit = [tender for tender in order.tenders if tender.account_id]
    assert account.held_minor == sum(tender.uncaptured_minor for tender in credit)
    assert account.balance_minor == CREDIT_MINOR - sum(
        tender.captured_minor - tender.refunded_minor for tender in credit
    )


positions = st.integers(0, 5)
quantities = st.integers(1, 3)
additions = st.lists(
    st.tuples(st.sampled_from(["ship", "carry_out"]), st.sampled_from("ABC"), st.integers(1, 3)),
    max_size=2,
)
steps = st.one_of(
    st.tuples(
        st.just("edit"),
        st.dictionaries(positions, quantities, max_size=2),
        additions,
        st.sampled_from(["card", "cash", "store_credit", "bank_transfer"]),
    ),
    st.tuples(
        st.just("exchange"),
        positions,
        quantities,
        additions,
        st.sampled_from(["card", "cash", "store_credit", "bank_transfer"]),
    ),
    st.tuples(st.just("cancel"), positions, quantities),
    st.tuples(st.just("ship"), positions, quantities),
    st.tuples(st.just("capture"), st.integers(1, 3000)),
    st.tuples(st.just("receive"), st.integers(1, 4)),
)


def take(desk: Desk, step: tuple[Any, ...]) -> None:
    common: dict[str, Any] = {"key": key(), "principal": STAFF, "occurred_at": NOON}
    lines = [line for line in desk.order.lines if line.open_quantity] or [*desk.order.lines]

    def meant(position: int, quantity: int) -> tuple[OrderLine, int]:
        """Of the lines that are open one, and of its units no more than are open, mostly."""
        line = lines[position % len(lines)]
        return line, min(quantity, line.open_quantity) or quantity

    match step:
        case "edit", fewer, added, by:
            chosen = [meant(position, quantity) for position, quantity in fewer.items()]
            stays = {
                line.number: max(0, line.quantity - line.cancelled_quantity - quantity)
                for line, quantity in chosen
            }
            desk.edit(stays, added, by)
        case "exchange", position, wanted, added, by:
            left = [line for line in desk.order.lines if line.returnable_quantity]
            for line in left[position % len(left) :][:1] if left else ():
                desk.exchange(line, min(wanted, line.returnable_quantity), added, by)
        case "cancel", position, wanted:
            line, quantity = meant(position, wanted)
            desk.change(
                Cancel(
                    order_id=desk.order.id,
                    reason="any",
                    quantities={line.number: quantity},
                    **common,
                )
            )
        case "ship", position, wanted:
            line, quantity = meant(position, wanted)
            for part in desk.order.fulfillments:
                if line in part.lines:
                    desk.change(
                        Fulfill(
                            fulfillment_id=part.id,
                            step="shipment",
                            quantities={line.number: quantity},
                            **common,
                        )
                    )
        case "capture", amount:
            desk.change(
                CapturePayment(
                    order_id=desk.order.id,
                    amount_minor=amount,
                    currency="EUR",
                    tender=None,
                    **common,
                )
            )
        case "receive", number:
            desk.change(
                ReceivePayment(order_id=desk.order.id, tender=number, reference=None, **common)
            )


@given(
    units=st.dictionaries(st.sampled_from("ABC"), st.integers(1, 4), min_size=1),
    discount=st.integers(0, 90),
    weights=st.lists(st.integers(1, 9), min_size=3, max_size=3),
    taken=st.lists(steps, max_size=8),
)
def test_whatever_is_edited_the_books_agree(
    units: dict[str, int], discount: int, weights: list[int], taken: list[tuple[Any, ...]]
) -> None:
    """What the tenders have left is what the order costs; what stays keeps its price; versions count."""
    desk = Desk(units, discount, weights)
    agree(desk)
    for step in taken:
        take(desk, step)
        agree(desk)

    for before, after in pairwise(desk.taken):
        assert after.version == before.version + 1
        stood = {line.number: line for line in before.lines}
        for line in after.lines:
            was = stood.get(line.number, line)
            assert (line.total_minor, line.tax_minor) == (was.total_minor, was.tax_minor)
            assert line.discounts == was.discounts
