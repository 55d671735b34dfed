"""What may happen to one order: goods leave, are cancelled, come back, are graded, and are paid back.

Each step chooses by numbers, `a` and `b`, among what there is, and does `n` units of it. What is refused
is refused only where the test knows why; in the end, all comes back, and nothing is left.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from omniretail import inventory, payments
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.inventory import Posting, Source
from omniretail.orders import (
    AdjustPrices,
    Advance,
    Cancel,
    CapturePayment,
    Fulfill,
    Fulfillment,
    NoteFailure,
    Order,
    OrderLine,
    ReceivePayment,
    TenderType,
)
from omniretail.orders.parting import left_behind, moved_to, parted
from omniretail.orders.settlement import repaid
from omniretail.returns import (
    Approve,
    Arrival,
    CancelReturn,
    Disposition,
    Grade,
    LineBack,
    OpenReturn,
    Override,
    PayBack,
    Receive,
    RefundWish,
    Return,
)
from tests.properties.around import STAFF
from tests.properties.clerk import STATES
from tests.properties.trade import LOCATIONS, Trade

DISPOSITIONS: tuple[Disposition, ...] = tuple(STATES)
METHODS: tuple[TenderType | None, ...] = (None, None, "store_credit", "cash", "card")
BOSS = Override(by=STAFF.id, name="Boss", reason="goodwill")


class Steps(Trade):
    """The steps that a trade may take."""

    def wait(self, a: int, b: int, n: int) -> None:
        """Days pass, perhaps so many that nothing is taken back any more."""
        self.now += timedelta(days=a % 3 * 9, hours=n)

    def leave(self, a: int, b: int, n: int) -> None:
        """Goods reach the customer: by parcel, or over the counter."""
        found = self._open_line(a)
        if found is None:
            return
        part, line = found
        if part.kind == "pickup" and part.state == "allocated":
            assert isinstance(
                self.change(Advance(fulfillment_id=part.id, step="readiness", **self.common)), Order
            )
        units = min(n, line.open_quantity)
        outcome = self.change(
            Fulfill(
                fulfillment_id=part.id,
                step="shipment" if part.kind == "ship" else "handover",
                quantities={line.number: units},
                **self.common,
            )
        )
        if isinstance(outcome, DomainError):
            assert outcome.code in {"pickup_expired", "transition_refused"}
            return
        away = ("available", "allocated")
        self.clerk.move(line.sku, part.location, units, line.components, away=away)

    def cancel(self, a: int, b: int, n: int) -> None:
        """Units are cancelled before they leave."""
        found = self._open_line(a)
        if found is not None:
            line = found[1]
            self._cancelled({line.number: min(n, line.open_quantity)})

    def _cancelled(self, units: Mapping[int, int]) -> None:
        stood = self.order
        command = Cancel(order_id=self.order_id, reason="any", quantities=units, **self.common)
        assert isinstance(self.change(command), Order)
        self.clerk.cancel(units)
        for part in stood.fulfillments:
            for line in part.lines:
                if line.number in units and part.state != "rejected":
                    self.clerk.move(
                        line.sku,
                        part.location,
                        units[line.number],
                        line.components,
                        away=["allocated"],
                    )

    def adjust(self, a: int, b: int, n: int) -> None:
        """A line's price is lowered after the sale."""
        lines = [*self.order.lines]
        line = lines[a % len(lines)]
        unit = line.worth_minor // line.quantity * n // 9
        outcome = self.change(
            AdjustPrices(
                order_id=self.order_id,
                reason="any",
                unit_prices_minor={line.number: unit},
                currency="EUR",
                **self.common,
            )
        )
        if isinstance(outcome, DomainError):
            assert outcome.code in {"price_not_lower", "transition_refused"}
            return
        after = next(one for one in outcome.lines if one.number == line.number)
        assert after.worth_minor < line.worth_minor
        self.clerk.adjust(line.number, after.worth_minor, after.worth_tax_minor)

    def capture(self, a: int, b: int, n: int) -> None:
        """Something that is authorized is taken early."""
        left = sum(tender.authorized_minor for tender in self.order.tenders)
        command = CapturePayment(
            order_id=self.order_id,
            amount_minor=left * n // 8,
            currency="EUR",
            tender=None,
            **self.common,
        )
        outcome = self.change(command)
        assert isinstance(outcome, Order) == (left * n // 8 > 0)

    def arrive(self, a: int, b: int, n: int) -> None:
        """A bank transfer arrives."""
        tender = 1 + a % (len(self.order.tenders) + 1)
        self.change(
            ReceivePayment(order_id=self.order_id, tender=tender, reference=None, **self.common)
        )

    def decline(self, a: int, b: int, n: int) -> None:
        """A provider declines to give back, or to take, what it was asked for."""
        kind: payments.OperationKind = "refund" if b % 3 else "capture"
        for tender in self.order.tenders:
            most = (
                tender.back_minor if kind == "refund" else tender.captured_minor - tender.owed_minor
            )
            if tender.payment_id is None or not most:
                continue
            amount = 1 + a * n % most
            failed = payments.FailedOperation(
                id=new_id(),
                order_id=self.order_id,
                tender_number=tender.number,
                kind=kind,
                amount_minor=amount,
                failure="declined",
                done_at=self.now,
                taken_minor=amount,
            )
            assert isinstance(self.change(NoteFailure(operation=failed, **self.common)), Order)
            return

    def repay(self, a: int, b: int, n: int) -> None:
        """What a customer is owed goes back after all, to the card or in cash."""
        step = self.desk.book.currency("EUR").cash_step_minor
        for tender in self.order.tenders:
            if tender.owed_minor:
                after = repaid(tender, "cash" if b % 2 else None, cash_step_minor=step)
                self._replaced(
                    replace(
                        self.order,
                        tenders=tuple(
                            after if one is tender else one for one in self.order.tenders
                        ),
                    )
                )
                return

    def elsewhere(self, a: int, b: int, n: int) -> None:
        """A location cannot serve units that are open; another one does, or nobody."""
        found = self._open_line(a)
        if found is None or found[0].state != "allocated":
            return
        part, line = found
        units = min(n, line.open_quantity)
        last = max(one.number for one in self.order.lines)
        stays, leaves, last = parted(part, {line.number: units}, last)
        served = {} if b % 4 == 0 else {"S3": leaves}
        new = [*moved_to(self.order, part, served)]
        number = max(one.number for one in (*self.order.fulfillments, *new)) + 1
        left = left_behind(part, stays, [] if served else leaves, number)
        kept = [one for one in self.order.fulfillments if one.id != part.id]
        goods = line.sku, part.location, units, line.components
        movements = [*inventory.moved(inventory.released, *goods)]
        self.clerk.move(*goods, away=["allocated"])
        if served:
            promised = inventory.moved(inventory.allocated, line.sku, "S3", units, line.components)
            movements += promised
            self.clerk.move(line.sku, "S3", units, line.components, to=["allocated"])
        source = Source(
            document_type="order",
            document_id=self.order_id,
            actor_id=STAFF.id,
            channel=None,
            occurred_at=self.now,
            idempotency_key="",
        )
        assert self.desk.stock.post(Posting(source, movements)) is None
        self._replaced(replace(self.order, fulfillments=(*kept, *left, *new)))
        self.clerk.look_at(self.order)

    def bring(self, a: int, b: int, n: int) -> None:
        """A customer brings goods to a till, and has the money at once."""
        self._opened(a, b, n, here=True, pays=True)

    def leave_at_desk(self, a: int, b: int, n: int) -> None:
        """A customer leaves goods that are paid back later, or has the money for goods to come."""
        self._opened(a, b, n, here=b % 3 > 0, pays=b % 3 == 0)

    def ask(self, a: int, b: int, n: int) -> None:
        """A customer asks for a return from home."""
        self._opened(a, b, n, here=False, pays=False)

    def approve(self, a: int, b: int, n: int) -> None:
        """Staff approve a return that was asked for."""
        doc = self._return(a)
        if doc is not None:
            outcome = self.decide(Approve(return_id=doc.id, **self.common))
            assert isinstance(outcome, Return) == (doc.state == "requested")

    def receive(self, a: int, b: int, n: int) -> None:
        """Goods of a return arrive, in one location or another."""
        doc = self._return(a)
        if doc is None:
            return
        location = LOCATIONS[b % 4]
        line = doc.lines[b % len(doc.lines)]
        units = max(1, min(n, line.awaited_quantity)) if b % 10 else n
        arrival = Arrival(line=line.number, quantity=units, disposition=DISPOSITIONS[a % 5])
        outcome = self.decide(
            Receive(return_id=doc.id, location=location, arrivals=(arrival,), **self.common)
        )
        came = any(one.received_quantity for one in doc.lines)
        fits = (
            doc.state in {"approved", "received"}
            and units <= line.awaited_quantity
            and not (came and doc.location != location)
        )
        assert isinstance(outcome, Return) == fits, outcome

    def pay_back(self, a: int, b: int, n: int) -> None:
        """A return is paid back, wholly or in part, perhaps before its goods are there."""
        doc = self._return(a)
        if doc is None:
            return
        line = doc.lines[b % len(doc.lines)]
        early = b % 4 == 0
        may = (line.standing_quantity if early else line.received_quantity) - line.refunded_quantity
        units = {line.number: max(1, min(n, may)) if b % 10 else n} if b % 3 else {}
        wish = RefundWish(quantities=units, method=METHODS[n % 5], account_id=self._account(a, n))
        outcome = self.decide(
            PayBack(
                return_id=doc.id,
                refund=wish,
                override=BOSS if early else None,
                **self.common,
            )
        )
        if doc.state not in {"approved", "received"}:
            assert isinstance(outcome, DomainError)
            return
        if units and units[line.number] > may:
            assert isinstance(outcome, DomainError)
        elif units and wish.method is None and wish.account_id != self.of_another:
            assert isinstance(outcome, Return), outcome
        if isinstance(outcome, DomainError):
            assert outcome.code in {
                "more_than_returned",
                "not_received",
                "nothing_to_pay_back",
                "refund_method_not_allowed",
                "unknown_account",
            }
            assert outcome.code != "unknown_account" or wish.account_id == self.of_another

    def give_up(self, a: int, b: int, n: int) -> None:
        """A return is cancelled: what did not come may be returned again."""
        doc = self._return(a)
        if doc is None:
            return
        freed = {
            line.number: line.standing_quantity
            - max(line.received_quantity, line.refunded_quantity)
            for line in doc.lines
        }
        outcome = self.decide(CancelReturn(return_id=doc.id, reason="any", **self.common))
        assert isinstance(outcome, Return) == any(freed.values())

    def grade(self, a: int, b: int, n: int) -> None:
        """Somebody looks closer at what came back."""
        doc = self._return(a)
        if doc is None:
            return
        line = doc.lines[b % len(doc.lines)]
        graded = [*line.graded] if b % 10 and line.graded else DISPOSITIONS
        here, there = graded[a % len(graded)], DISPOSITIONS[n % 5]
        if here == there:
            return
        stands = line.graded.get(here, 0)
        units = max(1, min(n, stands)) if b % 10 else n
        outcome = self.decide(
            Grade(
                return_id=doc.id,
                line=line.number,
                quantity=units,
                from_disposition=here,
                to_disposition=there,
                **self.common,
            )
        )
        assert isinstance(outcome, Return) == (units <= stands), outcome

    def close(self) -> None:
        """Cancel what is open and bring back all the rest: then nothing is left."""
        if open_units := {
            line.number: line.open_quantity for line in self.order.lines if line.open_quantity
        }:
            self._cancelled(open_units)
            self.agree()
        for doc in [*self.desk.returns.values()]:
            self._finish(doc)
        for line in [*self.order.lines]:
            if line.returnable_quantity:
                back = LineBack(
                    order_line=line.number, quantity=line.returnable_quantity, reason="any"
                )
                opened = self.decide(
                    OpenReturn(
                        return_id=new_id(),
                        order=self.order_id,
                        lines=(back,),
                        override=BOSS,
                        **self.common,
                    )
                )
                assert isinstance(opened, Return)
                self._finish(opened)
        while any(tender.owed_minor for tender in self.order.tenders):
            self.repay(0, 0, 0)
            self.agree()

    def _finish(self, doc: Return) -> None:
        if doc.state == "requested":
            approved = self.decide(Approve(return_id=doc.id, **self.common))
            assert isinstance(approved, Return)
            doc = approved
        arrivals = tuple(
            Arrival(line=line.number, quantity=line.awaited_quantity, disposition="sellable")
            for line in doc.lines
            if line.awaited_quantity
        )
        if arrivals:
            received = self.decide(
                Receive(
                    return_id=doc.id,
                    location=doc.location or "S2",
                    arrivals=arrivals,
                    **self.common,
                )
            )
            assert isinstance(received, Return), received
            self.agree()
        if any(line.refunded_quantity < line.standing_quantity for line in doc.lines):
            paid = self.decide(PayBack(return_id=doc.id, refund=RefundWish(), **self.common))
            assert isinstance(paid, Return), paid
            self.agree()
        assert self.desk.returns[doc.id].state in {"refunded", "cancelled"}

    def _opened(self, a: int, b: int, n: int, *, here: bool, pays: bool) -> Return | DomainError:
        lines = [*self.order.lines]
        by_number = {line.number: line for line in lines}
        if b % 10:
            lines = [line for line in lines if line.returnable_quantity] or lines
        wanted = {lines[a % len(lines)].number: n}
        if b % 2:
            wanted[lines[(a + b) % len(lines)].number] = 1 + n % 3
        if b % 10:
            wanted = {
                number: max(1, min(units, by_number[number].returnable_quantity))
                for number, units in wanted.items()
            }
        override = BOSS if n % 3 == 0 or (pays and not here) else None
        method, account = METHODS[(a + n) % 5] if pays else None, self._account(a, n)
        command = OpenReturn(
            return_id=new_id(),
            order=self.order_id if a % 2 else self.order.number,
            lines=tuple(
                LineBack(order_line=number, quantity=units, reason="too_small")
                for number, units in wanted.items()
            ),
            location=LOCATIONS[b % 4] if here else None,
            arrivals=tuple(
                Arrival(line=number, quantity=units, disposition=DISPOSITIONS[(b + number) % 5])
                for number, units in enumerate(wanted.values(), start=1)
            )
            if here
            else (),
            refund=RefundWish(method=method, account_id=account) if pays else None,
            override=override,
            **self.common,
        )
        fits = all(
            units <= by_number[number].returnable_quantity for number, units in wanted.items()
        )
        outcome = self.decide(command)
        if not fits:
            assert isinstance(outcome, DomainError)
            assert outcome.code in {"already_returned", "not_handed_over"}
        elif isinstance(outcome, DomainError):
            codes = {"refund_method_not_allowed"} if method else set[str]()
            codes |= set() if override else {"outside_return_window"}
            codes |= {"unknown_account"} if account == self.of_another else set()
            assert outcome.code in codes, outcome
        return outcome

    def _account(self, a: int, n: int) -> UUID | None:
        if a % 10 == 9:
            return self.of_another
        return self.credit if (a + n) % 2 and self.order.customer else None

    def _open_line(self, a: int) -> tuple[Fulfillment, OrderLine] | None:
        found = [
            (part, line)
            for part in self.order.fulfillments
            for line in part.lines
            if line.open_quantity
        ]
        return found[a % len(found)] if found else None

    def _return(self, a: int) -> Return | None:
        found = sorted(self.desk.returns.values(), key=lambda one: one.id)
        return found[a % len(found)] if found else None


STEPS: Mapping[str, Callable[[Steps, int, int, int], object]] = {
    step.__name__: step
    for step in (
        Steps.wait,
        Steps.leave,
        Steps.cancel,
        Steps.adjust,
        Steps.capture,
        Steps.arrive,
        Steps.decline,
        Steps.repay,
        Steps.elsewhere,
        Steps.bring,
        Steps.leave_at_desk,
        Steps.ask,
        Steps.approve,
        Steps.receive,
        Steps.pay_back,
        Steps.give_up,
        Steps.grade,
    )
}
"""All that may happen but exchanges and claims."""
