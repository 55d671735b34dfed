"""What else may happen to one order: its goods are exchanged for others, and claimed.

Whatever comes in is worth what it should be, and is one more pile of units that may go as well.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from msgspec.structs import replace

from omniretail import pricing
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.money import to_step
from omniretail.orders import (
    Fulfillment,
    FulfillmentWish,
    LineWish,
    Order,
    TenderGiven,
)
from omniretail.orders.surroundings import Surroundings
from omniretail.pricing.tax import Taxed
from omniretail.returns import (
    ApproveClaim,
    Arrival,
    Claim,
    ClaimCommand,
    ClaimKind,
    DenyClaim,
    Exchange,
    LineBack,
    LineClaimed,
    OpenClaim,
    RefundWish,
    ReplacementWish,
    ResolveClaim,
    Return,
    claiming,
)
from omniretail.returns.claim_commands import ReplacementKind, ResolutionWish
from omniretail.returns.exchanging import exchanged, previewed
from tests.properties import trade_steps
from tests.properties.around import STAFF, surroundings
from tests.properties.trade import ENOUGH, LISTED, LOCATIONS, RATE_PPM, TRAITS
from tests.properties.trade_steps import BOSS, DISPOSITIONS, METHODS, Steps

CLAIM_KINDS: tuple[ClaimKind, ...] = get_args(ClaimKind)
KINDS: tuple[ReplacementKind, ...] = ("carry_out", "ship")


class Swaps(Steps):
    """The steps of a trade that exchanges and replaces as well."""

    def exchange(self, a: int, b: int, n: int) -> None:
        """Units come back for others: dearer, cheaper or as dear, carried out or shipped."""
        units = self._chosen(a, b, n)
        if not units:
            return
        wanted = self._wanted(a, b, n, self.clerk.brings(units))
        off, added = self.clerk.brings(units), sum(one.total_minor for one in self.costs(wanted))
        charge, short = max(0, added - off), wanted[0].lines[0].quantity > ENOUGH
        early = a % 4 == 3
        allowed = n % 3 == 0 or (early and b % 10 > 0)
        command = Exchange(
            return_id=new_id(),
            order=self.order_id if a % 2 else self.order.number,
            lines=tuple(
                LineBack(order_line=number, quantity=quantity, reason="too_small")
                for number, quantity in units.items()
            ),
            wanted=wanted,
            tenders=self._paying(b, charge) if n != 7 else (),
            location=None if early else LOCATIONS[b % 4],
            arrivals=()
            if early
            else tuple(
                Arrival(line=line, quantity=quantity, disposition=DISPOSITIONS[(b + line) % 5])
                for line, quantity in enumerate(units.values(), start=1)
            ),
            refund=RefundWish(method=METHODS[(a + n) % 5], account_id=self._account(a, n)),
            override=BOSS if allowed else None,
            **self.common,
        )
        self._previewed(command, off, added, short=short)
        outcome = self.judge_exchange(command, units, charge)
        if isinstance(outcome, DomainError):
            refusals = self._not_so(command.refund) if off > added else set()
            refusals |= set() if allowed else {"outside_return_window"}
            refusals |= {"not_received"} if early and not allowed else set()
            refusals |= {"tenders_mismatch"} if charge and not command.tenders else set()
            refusals |= {"insufficient_stock"} if short else set()
            assert outcome.code in refusals, outcome
        else:
            assert allowed or not early
            assert command.tenders or not charge
            assert not short

    def _previewed(self, command: Exchange, off: int, added: int, *, short: bool) -> None:
        before = self.books()
        around = replace(self._around(), stock=copy.deepcopy(self.desk.stock))
        preview = previewed(self.desk, around, command)
        assert self.books() == before, "a preview changes nothing"
        if isinstance(preview, DomainError):
            assert preview.code == "refund_method_not_allowed"
            return
        assert (preview.off_minor, preview.added_minor) == (off, added)
        assert preview.charge_minor - preview.refund_minor == added - off
        assert sum(preview.methods.values()) == preview.refund_minor == max(0, off - added)
        assert (preview.order is None) == (preview.missing is not None) == short

    def judge_exchange(
        self, command: Exchange, units: Mapping[int, int], charge: int
    ) -> Return | DomainError:
        """Exchange; the clerk notes what it means."""
        before, order, costs = self.books(), self.order, self.costs(command.wanted)
        made = exchanged(self.desk, self._around(), command)
        if isinstance(made, DomainError):
            assert self.books() == before, "what is refused changes nothing"
            return made
        doc, part = made.doc, made.doc.exchange
        assert made.order == self.order
        assert self.order.version == order.version + 1
        assert part is not None
        new = [line for line in self.order.lines if line.number in part.lines]
        assert [(line.total_minor, line.tax_minor) for line in new] == [
            (one.total_minor, one.tax_minor) for one in costs
        ]
        assert all(line.components == TRAITS[line.sku].components for line in new)
        self._note_goods(command, doc)
        self._came_in(self.order.fulfillments[len(order.fulfillments) :])
        rounding = self._one_way_each(order)
        brought, back, back_tax = self.clerk.exchange(units, new)
        assert brought == {
            line.order_line: (line.refunded_minor, line.refunded_tax_minor) for line in doc.lines
        }
        assert (doc.refunded_minor, doc.refunded_tax_minor) == (back, back_tax)
        assert (part.charged_minor, part.refunded_minor) == (charge, back)
        assert sum(sum(one.methods.values()) for one in doc.refunds) == back + rounding
        paid = self.order.tenders[len(order.tenders) :]
        assert sum(tender.amount_minor - tender.rounding_minor for tender in paid) == charge
        return doc

    def _chosen(self, a: int, b: int, n: int) -> dict[int, int]:
        """Choose units that reached the customer and are in no return."""
        lines = [line for line in self.order.lines if line.returnable_quantity]
        if not lines:
            return {}
        chosen = [(lines[a % len(lines)], n)]
        if b % 2:
            chosen.append((lines[(a + b) % len(lines)], 1 + n % 3))
        return {line.number: min(units, line.returnable_quantity) for line, units in chosen}

    def _wanted(self, a: int, b: int, n: int, worth: int) -> tuple[FulfillmentWish, ...]:
        """What comes in instead: one or more of a SKU, at a price near to that of what goes."""
        quantity = 1 + b // 3 % 3 if a % 13 else ENOUGH * 3
        priced = (None, worth // quantity, worth // quantity + 97 * n, worth // (quantity + n))
        goods = [("ABK"[(a + n) % 3], quantity, priced[(a + b) % 4])]
        if b % 6 == 5:
            goods.append(("A", 1, None))
        return tuple(
            FulfillmentWish(
                id=new_id(),
                kind=KINDS[(n + position) % 2],
                location=LOCATIONS[(a + position) % 4],
                lines=(
                    LineWish(
                        sku=sku,
                        quantity=units,
                        own_price_minor=own,
                        own_price_currency=None if own is None else "EUR",
                        price_reason=None if own is None else "as_dear",
                    ),
                ),
            )
            for position, (sku, units, own) in enumerate(goods)
        )

    def costs(self, wanted: Sequence[FulfillmentWish]) -> list[Taxed]:
        """What each line that comes in costs: the order's tax, no promotion."""
        found = []
        for wish in wanted:
            (line,) = wish.lines
            unit = LISTED[line.sku] if line.own_price_minor is None else line.own_price_minor
            found.append(
                pricing.taxed(
                    unit * line.quantity,
                    RATE_PPM,
                    included=self.included,
                    rounding=self.order.rounding,
                    per=self.order.tax_per,
                    quantity=line.quantity,
                )
            )
        return found

    def _paying(self, b: int, charge: int) -> tuple[TenderGiven, ...]:
        """Pay a charge: in one way, or by card and the rest in cash."""
        by_card = charge if b % 5 == 0 else charge // 2 if b % 5 == 1 else 0
        rest, step = charge - by_card, self.desk.book.currency("EUR").cash_step_minor
        given = [TenderGiven(type="card", amount_minor=by_card, currency="EUR", reference="t")]
        more: dict[str, Any] = {"type": "cash", "amount_minor": to_step(rest, step)}
        if b % 5 == 3 and self.order.customer:
            more = {"type": "store_credit", "amount_minor": rest, "account": str(self.credit)}
        elif b % 5 == 4:
            more = {"type": "bank_transfer", "amount_minor": rest, "awaited": b % 2 > 0}
        if rest and not more["amount_minor"]:
            # Less than the smallest coin is paid by card.
            more = {"type": "card", "amount_minor": rest, "reference": "t"}
        given.append(TenderGiven(currency="EUR", **more))
        return tuple(one for one in given if one.amount_minor)

    def _came_in(self, parts: Sequence[Fulfillment]) -> None:
        for part in parts:
            out = part.kind == "carry_out"
            to, away = ([], ["available"]) if out else (["allocated"], [])
            for line in part.lines:
                assert line.fulfilled_quantity == (line.quantity if out else 0)
                self.clerk.move(
                    line.sku, part.location, line.quantity, line.components, to=to, away=away
                )

    def claim(self, a: int, b: int, n: int) -> None:
        """A customer claims goods that were not as they should be; perhaps staff settle it at once."""
        units = self._chosen(a, b, n)
        if not units:
            return
        wish = self._resolution(a, b, n) if b % 3 else None
        lines = tuple(
            LineClaimed(order_line=number, quantity=quantity, kind=CLAIM_KINDS[(b + number) % 3])
            for number, quantity in units.items()
        )
        goods_back = (None, True, False)[a % 3] if wish else None
        outcome = self._decided(
            OpenClaim(
                claim_id=new_id(),
                order=self.order_id,
                lines=lines,
                wish="refund" if n % 2 else "replacement",
                resolution=wish,
                decided_by=STAFF.id if wish else None,
                goods_back=goods_back,
                override=BOSS if n % 3 == 0 else None,
                **self.common,
            )
        )
        if isinstance(outcome, DomainError):
            refusals = self._not_so(wish) | (set() if n % 3 == 0 else {"outside_claim_window"})
            if goods_back and all(line.kind == "missing" for line in lines):
                refusals.add("invalid")
            assert outcome.code in refusals, outcome
        else:
            assert not goods_back or any(line.kind != "missing" for line in lines)

    def settle(self, a: int, b: int, n: int) -> None:
        """Staff approve a claim, resolve it or deny it."""
        found = sorted(self.desk.claims.values(), key=lambda one: one.id)
        if not found:
            return
        claim = found[a % len(found)]
        if claim.state == "open" and b % 4:
            goods_back = (None, True, False)[n % 3]
            outcome = self._decided(
                ApproveClaim(claim_id=claim.id, goods_back=goods_back, **self.common)
            )
            assert isinstance(outcome, Claim) == bool(claim.reached or not goods_back)
        elif b % 4:
            wish = self._resolution(a, b, n)
            outcome = self._decided(ResolveClaim(claim_id=claim.id, resolution=wish, **self.common))
            if isinstance(outcome, Claim):
                assert claim.state == "approved"
            else:
                refusals = self._not_so(wish)
                refusals |= set() if claim.state == "approved" else {"claim_state_refused"}
                assert outcome.code in refusals, outcome
        else:
            self._deny(claim)

    def _deny(self, claim: Claim) -> None:
        outcome = self._decided(DenyClaim(claim_id=claim.id, reason="any", **self.common))
        assert isinstance(outcome, Claim) == (claim.state in {"open", "approved"})

    def _resolution(self, a: int, b: int, n: int) -> ResolutionWish:
        if n % 2:
            return RefundWish(method=METHODS[(a + n) % 5], account_id=self._account(a, n))
        return ReplacementWish(
            fulfillment_id=new_id(), kind=KINDS[n // 2 % 2], location=LOCATIONS[b % 4]
        )

    def _not_so(self, wish: ResolutionWish | None) -> set[str]:
        """Why money may not go back as it is wished."""
        if not isinstance(wish, RefundWish):
            return set()
        refusals = {"refund_method_not_allowed"} if wish.method else set[str]()
        return refusals | ({"unknown_account"} if wish.account_id == self.of_another else set())

    def _decided(self, command: ClaimCommand) -> Claim | DomainError:
        """Decide about a claim; the clerk notes what it means."""
        self.desk.now = self.now
        before, stood = self.books(), self.desk.claims.get(command.claim_id)
        order = self.order
        outcome = claiming.decide(self.desk, command)
        if isinstance(outcome, DomainError):
            assert self.books() == before, "what is refused changes nothing"
            return outcome
        assert outcome.version == (stood.version + 1 if stood else 1)
        assert self.order.version <= order.version + 1
        if outcome.resolution == "refund":
            self._note_refund(outcome, order)
        elif outcome.resolution == "replacement":
            part = self.order.fulfillments[-1]
            assert (part.id, self.order.tenders) == (outcome.fulfillment_id, order.tenders)
            self.clerk.replace(outcome.units, part.lines)
            self._came_in([part])
        if outcome.return_id is not None:
            lines = self.desk.returns[outcome.return_id].lines
            assert [(line.order_line, line.awaited_quantity) for line in lines] == [
                (line.order_line, line.quantity) for line in outcome.reached
            ]
        return outcome

    def _note_refund(self, claim: Claim, before: Order) -> None:
        assert claim.refund is not None
        rounding = self._one_way_each(before)
        lines, amount, tax = self.clerk.pay_back(claim.units)
        assert lines == {
            line.order_line: (line.worth_minor, line.worth_tax_minor) for line in claim.lines
        }
        assert (claim.refund.amount_minor, claim.refund.tax_minor) == (amount, tax)
        assert sum(claim.refund.methods.values()) == amount + rounding

    def close(self) -> None:
        """Deny what is claimed still, then have all come back."""
        for claim in [*self.desk.claims.values()]:
            if claim.state in {"open", "approved"}:
                self._deny(claim)
        self.agree()
        super().close()

    def _around(self) -> Surroundings:
        desk = self.desk
        desk.now = self.now
        return surroundings(
            book=desk.book,
            stock=desk.stock,
            accounts=desk.accounts,
            skus=desk.skus,
            locations=desk.locations,
            now=self.now,
        )


STEPS: Mapping[str, Callable[[Swaps, int, int, int], object]] = {
    **trade_steps.STEPS,
    "exchange": Swaps.exchange,
    "claim": Swaps.claim,
    "settle": Swaps.settle,
}
"""All that may happen."""
