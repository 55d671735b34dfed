"""One order and the desk where its goods come back: steps of customers and staff, and a clerk beside.

Each step goes through the same pure decisions as in the shop. What is refused changes nothing, and is
only refused where the clerk knows why.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from omniretail import catalog, payments, pricing, sourcing
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory import Level, Stock
from omniretail.orders import Order, OrderLine, change_accounts, changing
from omniretail.orders.world import World
from omniretail.returns import (
    ClaimLine,
    Exchange,
    Grade,
    OpenReturn,
    Receive,
    Return,
    ReturnCommand,
    ReturnLine,
    ReturnPolicy,
)
from omniretail.returns.deciding import decide
from omniretail.returns.desk import Desk
from tests.pricing.books import NOON, VAT_20, shelf
from tests.properties.around import STAFF, key
from tests.properties.clerk import STATES, Clerk
from tests.properties.sales import CUSTOMER, KIT, Sale, placed

LOCATIONS = ("WH", "S1", "S2", "S3")
GOODS = ("A", "B")
ENOUGH = 1_000
RATE_PPM = VAT_20["standard"]
TRAITS = {sku: catalog.SkuTraits("active", components=KIT if sku == "K" else None) for sku in "ABK"}
PLACES = {code: catalog.LocationSpec(code=code, name=code) for code in LOCATIONS}
WAITING = {code: sourcing.FulfillmentPolicy(location=code) for code in LOCATIONS}
LISTED = {"A": 1999, "B": 501, "K": 4490}
BOOKS = {
    (step, included): shelf(
        LISTED,
        rates=VAT_20,
        tax_included=included,
        kept=pricing.Currency(code="EUR", exponent=2, cash_step_minor=step),
    )
    for step in (1, 5, 100)
    for included in (True, False)
}


class Trade:
    """The order, the desk, and the clerk; every step leaves them in agreement."""

    def __init__(self, sale: Sale, policy: ReturnPolicy) -> None:
        accounts = payments.Accounts((), {})
        order = placed(sale, accounts)
        self.order_id, self.now = order.id, NOON
        self.included = sale.tax_included
        self.opened_with = sum(tender.amount_minor for tender in order.tenders if tender.account_id)
        self.clerk = Clerk(order, policy)
        self.desk = Desk(
            orders={order.id: order},
            returns={},
            stock=self._stocked(order),
            accounts=accounts,
            skus=TRAITS,
            locations=PLACES,
            policies={"web": policy},
            book=BOOKS[sale.cash_step_minor, sale.tax_included],
            units_sold=frozenset(),
            now=NOON,
        )
        self.credit = self._store_credit(CUSTOMER, 1_000_000_000)
        self.of_another = self._store_credit("C2", 1)
        self.carried_out = Counter[str]()
        for part in order.fulfillments:
            for line in part.lines:
                if part.kind == "carry_out":
                    self.carried_out.update(goods_of(line, line.quantity))

    def _stocked(self, order: Order) -> Stock:
        for sku in GOODS:
            for at in LOCATIONS:
                self.clerk.stands[sku, at].update({"available": ENOUGH})
        for part in order.fulfillments:
            for line in part.lines:
                if part.kind != "carry_out":
                    self.clerk.move(
                        line.sku, part.location, line.quantity, line.components, to=["allocated"]
                    )
        return Stock(
            {
                place: Level(on_hand=states["available"], allocated=states["allocated"])
                for place, states in self.clerk.stands.items()
            }
        )

    def _store_credit(self, customer: str, amount_minor: int) -> UUID:
        account = payments.fresh_account(
            new_id(), customer=customer, amount_minor=amount_minor, currency="EUR", now=NOON
        )
        source = payments.EntrySource(actor_id=STAFF.id, occurred_at=NOON)
        assert self.desk.accounts.issue(account, source) is None
        self.opened_with += amount_minor
        return account.id

    @property
    def order(self) -> Order:
        """The order as it stands."""
        return self.desk.orders[self.order_id]

    @property
    def common(self) -> dict[str, Any]:
        """What every command says."""
        return {"key": key(), "principal": STAFF, "occurred_at": self.now}

    def change(self, command: changing.Command) -> Order | DomainError:
        """Change the order by any command that is not about returns."""
        before = self.books()
        world = World(
            orders={self.order_id: self.order},
            stock=self.desk.stock,
            waiting=WAITING,
            now=self.now,
        )
        outcome = changing.decide(world, command)
        if isinstance(outcome, DomainError):
            assert self.books() == before, "what is refused changes nothing"
        else:
            self._replaced(outcome)
        return outcome

    def _replaced(self, after: Order) -> None:
        if after.version == self.order.version:
            after = replace(after, version=after.version + 1)
        change_accounts(self.desk.accounts, self.order, after, STAFF.id, now=self.now)
        self.desk.orders[self.order_id] = after

    def decide(self, command: ReturnCommand) -> Return | DomainError:
        """Decide about a return; the clerk notes what it means."""
        self.desk.now = self.now
        before, stood = self.books(), self.desk.returns.get(command.return_id)
        order = self.order
        outcome = decide(self.desk, command)
        if isinstance(outcome, DomainError):
            assert self.books() == before, "what is refused changes nothing"
            return outcome
        assert outcome.version == (stood.version + 1 if stood else 1)
        assert self.order.version <= order.version + 1
        self._note_goods(command, outcome)
        self._note_money(stood, outcome, order)
        return outcome

    def _note_goods(self, command: ReturnCommand | Exchange, doc: Return) -> None:
        lines = {line.number: line for line in doc.lines}
        if isinstance(command, OpenReturn | Receive | Exchange):
            for one in command.arrivals:
                line, state = lines[one.line], STATES[one.disposition]
                assert doc.location is not None
                to = {"waste": (), "available": ("available",)}.get(state, ("available", state))
                self.clerk.move(line.sku, doc.location, one.quantity, line.components, to=to)
        if isinstance(command, Grade):
            line, at = lines[command.line], doc.location or ""
            for way, name in (
                (STATES[command.from_disposition], "away"),
                (STATES[command.to_disposition], "to"),
            ):
                states = {"waste": (), "available": ("available",)}.get(way, ("available", way))
                ways: dict[str, Any] = {name: states}
                self.clerk.move(line.sku, at, command.quantity, line.components, **ways)

    def _note_money(self, stood: Return | None, doc: Return, order: Order) -> None:
        if len(doc.refunds) == (len(stood.refunds) if stood else 0):
            return
        was = {line.number: line for line in stood.lines} if stood else {}
        units, brought = {}, {}
        for line in doc.lines:
            before = was.get(line.number) or replace(
                line, refunded_quantity=0, refunded_minor=0, refunded_tax_minor=0
            )
            if paid := line.refunded_quantity - before.refunded_quantity:
                assert line.order_line is not None
                units[line.order_line] = paid
                brought[line.order_line] = (
                    line.refunded_minor - before.refunded_minor,
                    line.refunded_tax_minor - before.refunded_tax_minor,
                )
        refund = doc.refunds[-1]
        rounding = self._one_way_each(order)
        assert sum(refund.methods.values()) == refund.amount_minor + rounding
        lines, amount, tax = self.clerk.pay_back(units)
        assert brought == lines
        assert (refund.amount_minor, refund.tax_minor) == (amount, tax)
        assert refund.sequence == self.order.version

    def _one_way_each(self, before: Order) -> int:
        """See that each tender gave back in one way, and let go only when nothing taken was left.

        More is taken only for what came in. Returns what coins made of it.
        """
        after_all = self.order
        came_in = len([*after_all.lines]) > len([*before.lines])
        pairs = [*zip(before.tenders, after_all.tenders[: len(before.tenders)], strict=True)]
        let_go = any(after.voided_minor > was.voided_minor for was, after in pairs)
        for was, after in pairs:
            ways = [
                way for way, minor in after.otherwise.items() if minor != was.otherwise.get(way, 0)
            ]
            assert len(ways) + (after.back_minor != was.back_minor) <= 1
            taken = after.captured_minor - was.captured_minor
            assert taken >= 0
            assert taken == 0 or came_in
            assert not let_go or after.left_minor == after.uncaptured_minor + taken
        return sum(
            after.refunded_rounding_minor - was.refunded_rounding_minor for was, after in pairs
        )

    def books(self) -> Any:
        """All that a refusal must leave as it is."""
        desk, stock = self.desk, self.desk.stock
        return (
            dict(desk.orders),
            dict(desk.returns),
            dict(desk.claims),
            [self._level(sku, at) for sku in GOODS for at in LOCATIONS],
            len(stock.accepted),
            desk.accounts.mark(),
            set(desk.accounts.code_hashes),
            (len(desk.gradings), len(desk.changes), len(desk.happened)),
        )

    def _level(self, sku: str, at: str) -> tuple[int, ...]:
        level = self.desk.stock.level(sku, at)
        return level.on_hand, level.allocated, level.damaged, level.quality_control

    def agree(self) -> None:
        """Compare the order, its returns, the goods and the accounts with what the clerk noted."""
        self._money_agrees()
        self._tenders_agree()
        self._units_agree()
        for sku in GOODS:
            for at in LOCATIONS:
                noted = self.clerk.stands[sku, at]
                assert self._level(sku, at) == (
                    noted["available"],
                    noted["allocated"],
                    noted["damaged"],
                    noted["quality_control"],
                ), (sku, at)

    def _money_agrees(self) -> None:
        order, clerk = self.order, self.clerk
        kept, kept_tax = clerk.kept
        assert order.kept_minor == kept >= 0
        assert kept_tax >= 0
        assert sum(tender.left_minor for tender in order.tenders) == kept
        assert (order.total_minor, order.exchanged_minor) == (clerk.total, clerk.exchanged)
        paid = sum(tender.amount_minor - tender.rounding_minor for tender in order.tenders)
        assert paid == clerk.total - clerk.exchanged
        assert clerk.returned + clerk.otherwise + clerk.exchanged + kept == clerk.total
        taxed = clerk.returned_tax + clerk.otherwise_tax + clerk.exchanged_tax + kept_tax
        assert taxed == clerk.total_tax
        docs = self.desk.returns.values()
        refunds = [refund for doc in docs for refund in doc.refunds]
        refunds += [claim.refund for claim in self.desk.claims.values() if claim.refund]
        assert sum(refund.amount_minor for refund in refunds) == clerk.returned
        assert sum(refund.tax_minor for refund in refunds) == clerk.returned_tax
        for doc in docs:
            clerk.graded(doc)

    def _tenders_agree(self) -> None:
        order, accounts = self.order, self.desk.accounts
        step = self.desk.book.currency("EUR").cash_step_minor
        for tender in order.tenders:
            assert 0 <= tender.uncaptured_minor <= tender.left_minor
            assert tender.voided_minor >= 0
            assert tender.owed_minor >= 0
            assert tender.back_minor >= 0
            assert tender.uncaptured_minor + tender.voided_minor <= tender.amount_minor
            given = tender.refunded_minor - tender.refunded_rounding_minor + tender.owed_minor
            assert given <= tender.captured_minor - tender.rounding_minor
            assert all(minor > 0 for minor in tender.otherwise.values())
            assert set(tender.otherwise) <= {*self.clerk.policy.methods(tender.type), "cash"}
            assert abs(tender.refunded_rounding_minor) * 2 <= step
            if tender.type == "cash":
                own = tender.back_minor + tender.refunded_rounding_minor
                assert own % tender.cash_step_minor == 0
            elif "cash" in tender.otherwise:
                assert (tender.otherwise["cash"] + tender.refunded_rounding_minor) % step == 0
            else:
                assert tender.refunded_rounding_minor == 0
        ours = [tender for tender in order.tenders if tender.account_id]
        credited = sum(tender.otherwise.get("store_credit", 0) for tender in order.tenders)
        found = [accounts.account(one) for one in accounts.code_hashes]
        balances = [one for one in found if isinstance(one, payments.Account)]
        assert sum(one.held_minor for one in balances) == sum(
            tender.uncaptured_minor for tender in ours
        )
        assert sum(one.balance_minor for one in balances) == self.opened_with + credited + sum(
            tender.back_minor - tender.captured_minor for tender in ours
        )
        assert credited == sum(
            entry.balance_change_minor
            for entry in accounts.entries
            if entry.return_id or entry.claim_id
        )

    def _units_agree(self) -> None:
        order = self.order
        named: dict[int, list[int]] = {}
        brought: dict[int, int] = {}
        family = {line.number: line.part_of or line.number for line in order.lines}
        for doc in self.desk.returns.values():
            for line in doc.lines:
                assert line.order_line is not None
                sums = named.setdefault(family[line.order_line], [0, 0, 0])
                sums[0] += line.standing_quantity
                sums[1] += line.received_quantity
                sums[2] += line.refunded_quantity
                whole = family[line.order_line]
                brought[whole] = brought.get(whole, 0) + line.refunded_minor
        for claim in self.desk.claims.values():
            for one in claim.lines:
                whole = family[one.order_line]
                brought[whole] = brought.get(whole, 0) + one.worth_minor
                if claim.state != "denied" and (claim.return_id is None or one.kind == "missing"):
                    sums = named.setdefault(whole, [0, 0, 0])
                    sums[0] += one.quantity
                    sums[2] += one.quantity if claim.state == "resolved" else 0
        for whole, minor in brought.items():
            assert minor <= sum(
                one.total_minor for one in order.lines if family[one.number] == whole
            )
        counted: dict[int, list[int]] = {}
        for line_sold in order.lines:
            assert 0 <= line_sold.returned_quantity <= line_sold.fulfilled_quantity
            assert 0 <= line_sold.received_quantity <= line_sold.returned_quantity
            assert 0 <= line_sold.refunded_quantity <= line_sold.returned_quantity
            assert line_sold.fulfilled_quantity + line_sold.cancelled_quantity <= line_sold.quantity
            if line_sold.returned_quantity:
                sums = counted.setdefault(family[line_sold.number], [0, 0, 0])
                sums[0] += line_sold.returned_quantity
                sums[1] += line_sold.received_quantity
                sums[2] += line_sold.refunded_quantity
        assert {number: sums for number, sums in named.items() if sums[0]} == counted

    def _kept_goods(self) -> Iterator[ClaimLine]:
        """Yield what customers claimed, and keep or never had."""
        for claim in self.desk.claims.values():
            for line in claim.lines:
                if claim.state == "resolved" and (
                    claim.return_id is None or line.kind == "missing"
                ):
                    yield line

    def nothing_is_left(self) -> None:
        """All money is where it came from, or where it was wanted, and all goods are back."""
        order, kept = self.order, self.clerk.shipping_is_kept
        assert order.kept_minor == (self.clerk.shipping if kept else 0)
        for line in order.lines:
            assert (line.kept_minor, line.kept_tax_minor) == (0, 0)
            assert line.fulfilled_quantity == line.refunded_quantity
            assert line.fulfilled_quantity + line.cancelled_quantity == line.quantity
        for tender in order.tenders:
            assert tender.owed_minor == 0
            if kept:
                continue
            assert (tender.left_minor, tender.uncaptured_minor) == (0, 0)
            price = tender.captured_minor - tender.rounding_minor
            assert tender.refunded_minor - tender.refunded_rounding_minor == price
            if tender.type == "cash" and not tender.otherwise:
                assert tender.refunded_minor == tender.captured_minor
        kept_units = sum(line.quantity for line in self._kept_goods())
        fulfilled = sum(line.fulfilled_quantity for line in order.lines)
        assert fulfilled == sum(line.received_quantity for line in order.lines) + kept_units
        gone = Counter[str]()
        for one in self._kept_goods():
            gone.update(goods_of(one, one.quantity))
        for doc in self.desk.returns.values():
            for back in doc.lines:
                gone.update(goods_of(back, back.graded.get("destroyed", 0)))
        for sku in GOODS:
            there = [self._level(sku, at) for at in LOCATIONS]
            expected = ENOUGH * len(LOCATIONS) + self.carried_out[sku] - gone[sku]
            assert sum(one[0] for one in there) == expected
            assert sum(one[1] for one in there) == 0


def goods_of(line: OrderLine | ReturnLine | ClaimLine, units: int) -> dict[str, int]:
    """Return the goods that units of a line are: a kit's are its components."""
    return {sku: per * units for sku, per in (line.components or {line.sku: 1}).items()}
