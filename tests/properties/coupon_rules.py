"""Rules of coupons: a tenth off three orders at most, claimed for a checkout, used, freed again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import orders, pricing
from tests.properties.auditor import needs
from tests.properties.machine import (
    Machine,
    carts,
    happening,
    kinds,
    locations,
    picks,
    process_numbers,
)
from tests.properties.shop import COUPON, COUPON_LIMIT, PRICES


class Coupons(Machine):
    """What customers do who have a coupon."""

    @happening(
        often=2,
        kind=kinds,
        location=locations,
        cart=carts,
        pick=st.none() | picks,
        process=process_numbers,
    )
    def order_by_coupon(
        self,
        kind: orders.FulfillmentKind,
        location: str,
        cart: Any,
        pick: int | None,
        process: int,
    ) -> None:
        """A customer buys for a tenth less, with a claim or without."""
        now, claim = self.shop.now, self.pick_claim(pick)
        left = COUPON_LIMIT - len(self.auditor.uses) - self.live_claims(now, but=claim)
        wanted = needs(cart, location)
        fits = left > 0 and self.auditor.fits(wanted, kind, now)
        full = sum(PRICES[sku] * n for sku, n in cart)
        paid = full - (full + 5) // 10
        command = self.shop.order(kind, location, cart)
        command = replace(
            command,
            coupons=(orders.CouponGiven(code=COUPON, claim=claim),),
            tenders=(replace(command.tenders[0], amount_minor=paid),),
        )

        outcome = self.do(command, process)

        assert isinstance(outcome, orders.Order) == fits
        if fits:
            self.auditor.uses.add(outcome.id)
            if claim is not None and self.auditor.claims[claim] > now:
                self.auditor.claims[claim] = now
            self.placed(kind, wanted, outcome)

    @happening(seconds=st.sampled_from([60, 600, 1800]), process=process_numbers)
    def claim(self, seconds: int, process: int) -> None:
        """A checkout claims a use."""
        now = self.shop.now
        possible = len(self.auditor.uses) + self.live_claims(now) < COUPON_LIMIT

        outcome = self.do(self.shop.claim(seconds), process)

        assert isinstance(outcome, pricing.Claim) == possible
        if possible:
            self.auditor.claims[outcome.id] = now + timedelta(seconds=seconds)

    @happening(pick=picks, process=process_numbers)
    def give_back(self, pick: int, process: int) -> None:
        """A payment fails, and what was claimed for it is free again."""
        claim = self.pick_claim(pick)
        if claim is None:
            return

        outcome = self.do(self.shop.free(claim), process)

        if isinstance(outcome, pricing.Claim):
            self.auditor.claims[claim] = min(self.auditor.claims[claim], self.shop.now)
        else:
            assert isinstance(outcome, pricing.ClaimEnded)

    def pick_claim(self, pick: int | None) -> UUID | None:
        """Return one of the claims there were, if there were any."""
        found = sorted(self.auditor.claims)
        return found[pick % len(found)] if found and pick is not None else None

    def live_claims(self, now: datetime, but: UUID | None = None) -> int:
        """How many claims keep a use, one of them left out."""
        return sum(until > now for claim, until in self.auditor.claims.items() if claim != but)

    def the_auditor_agrees(self) -> None:
        """As many orders use the coupon as the auditor noted."""
        super().the_auditor_agrees()
        assert self.run(self.used()) == len(self.auditor.uses)

    async def used(self) -> int:
        """Return how many uses the books say."""
        async with self.shop.database.transaction() as tx:
            (row,) = await tx.fetch(
                "select used from usage_count where kind = 'coupon' and code = $1", COUPON
            )
        count: int = row["used"]
        return count
