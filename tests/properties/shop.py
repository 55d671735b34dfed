"""The retailer of the ledger machine: master data, two processes with batches of their own, commands."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from omniretail import catalog, channels, inventory, orders, pricing
from omniretail.batching import Batcher
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.properties.auditor import KITS, SAFETY, Place

LOCATIONS = tuple(SAFETY)
COUPON, COUPON_LIMIT = "TENTH", 3
PRICES = {"A": 2000, "B": 99, "K": 4000, "L": 100, "S": 9000}
OFFICE = channels.Principal(
    id=UUID(int=7),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)
Lines = Sequence[tuple[str, int]]


class Process:
    """What one server process holds: connections of its own, and batches, at the shop's time."""

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self.database = Database(url, pool_size=4, ledger=True)
        self.books = pricing.BookKeeper()
        self._clock = clock
        self._batchers: dict[type, Batcher[Any, Any]] = {
            orders.PlaceOrder: self._batcher(
                lambda tx, batch: orders.place(tx, batch, books=self.books, now=clock())
            ),
            orders.Fulfill: self._batcher(lambda tx, batch: orders.change(tx, batch, now=clock())),
            inventory.PlaceHold: self._batcher(
                lambda tx, batch: inventory.place_holds(tx, batch, now=clock())
            ),
            inventory.ChangeHold: self._batcher(
                lambda tx, batch: inventory.change_holds(tx, batch, now=clock())
            ),
            inventory.BookDocument: self._batcher(
                lambda tx, batch: inventory.book(tx, batch, now=clock())
            ),
            inventory.DraftTransfer: self._batcher(
                lambda tx, batch: inventory.change_transfers(tx, batch, now=clock())
            ),
        }
        self._batchers[pricing.ClaimCoupon] = self._batcher(
            lambda tx, batch: pricing.claim_coupons(tx, batch, books=self.books, now=clock())
        )
        self._batchers[pricing.FreeClaim] = self._batcher(
            lambda tx, batch: pricing.free_claims(tx, batch, now=clock())
        )
        for kind, like in (
            (orders.Advance, orders.Fulfill),
            (orders.Cancel, orders.Fulfill),
            (inventory.ShipTransfer, inventory.DraftTransfer),
            (inventory.ReceiveTransfer, inventory.DraftTransfer),
        ):
            self._batchers[kind] = self._batchers[like]

    def _batcher(
        self, operation: Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[Any]]]
    ) -> Batcher[Any, Any]:
        return Batcher(lambda batch: self.database.run(lambda tx: operation(tx, batch)))

    async def __call__(self, command: Any) -> Any:
        """Return what a command led to; a refusal is a value here."""
        try:
            outcome = await self._batchers[type(command)](command)
        except DomainError as refusal:
            return refusal
        return outcome.value if isinstance(outcome, Answer) else outcome


class Shop:
    """Two processes over one database, and the commands that are sent to them."""

    def __init__(self, url: str, start: datetime) -> None:
        self.now = start
        self.processes = [Process(url, lambda: self.now) for _ in range(2)]
        self._keys = 0

    @property
    def database(self) -> Database:
        """Some connections."""
        return self.processes[0].database

    async def open(self) -> None:
        """Put the master data in place."""
        now = self.now - timedelta(days=30)

        async def everything(tx: Transaction) -> None:
            spec = channels.ChannelSpec(code="web", name="web", kind="web", currency="EUR")
            await channels.put_channel(tx, spec, now=now)
            await catalog.put_locations(
                tx,
                [
                    catalog.LocationSpec(code=code, name=code, safety_stock=withheld)
                    for code, withheld in SAFETY.items()
                ],
                now=now,
            )
            tracking: dict[str, Any] = {"L": "lot", "S": "serial"}
            for codes in (("A", "B", "L", "S"), ("K",)):
                specs = [
                    catalog.SkuSpec(
                        code=code,
                        name=code,
                        tracking=tracking.get(code),
                        components=tuple(
                            catalog.Component(part, n) for part, n in KITS.get(code, {}).items()
                        ),
                    )
                    for code in codes
                ]
                await catalog.put_skus(tx, specs, now=now)
            await pricing.put_price_list(
                tx, pricing.PriceList(code="list", name="list", currency="EUR"), now=now
            )
            prices = [
                pricing.NewPrice(
                    price_list="list", sku=sku, amount_minor=amount, currency="EUR", valid_from=now
                )
                for sku, amount in PRICES.items()
            ]
            await pricing.set_prices(tx, prices, now=now)
            tenth_off = pricing.Promotion(
                code="TENTH-OFF",
                name="A tenth off",
                action=pricing.Percent(rate_ppm=100_000, level="order"),
                coupon_only=True,
            )
            await pricing.put_promotion(tx, tenth_off, now=now)
            coupon = pricing.Coupon(code=COUPON, promotion=tenth_off.code, usage_limit=COUPON_LIMIT)
            await pricing.put_coupons(tx, [coupon], now=now)

        await self.database.run(everything)

    async def close(self) -> None:
        """Let every connection go."""
        for process in self.processes:
            await process.database.close()

    async def all_at_once(self, commands: Sequence[Any]) -> list[Any]:
        """Send commands at the same moment, in turn to one process and the other."""
        outcomes = await asyncio.gather(
            *(self.processes[number % 2](command) for number, command in enumerate(commands)),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, DomainError):
                raise outcome
        return outcomes

    async def not_found(self, sku: str, location: str, n: int | None) -> int:
        """Do as an order's rejection does: suspect units, and have them counted; return how many."""
        place, now = (sku, location), self.now

        async def reject(tx: Transaction) -> int:
            skus, stock = await tx.read(catalog.skus_by_code({sku}), inventory.lock([place]))
            await inventory.survey(tx, stock, skus, inventory.Asked(earliest=now), now=now)
            (counting,) = await tx.read(inventory.suspicions_open([place]))
            units: int = stock.suspect(sku, location, n)
            suspicion = inventory.Suspicion(
                task_id=new_id(),
                principal=OFFICE,
                location=location,
                skus=(sku,),
                document_id=new_id(),
            )
            opened = [] if place in counting or not units else [suspicion]
            await tx.write(
                *inventory.write(stock, now=now),
                *inventory.suspicion_tasks(stock, opened, now=now),
            )
            return units

        return await self.database.run(reject)

    def key(self) -> Key:
        """Return a key that was never used."""
        self._keys += 1
        return Key(OFFICE.id, f"key-{self._keys}", b"hash")

    def order(
        self,
        kind: orders.FulfillmentKind,
        location: str,
        lines: Lines,
        *,
        at: datetime | None = None,
        hold: UUID | None = None,
        serials: tuple[str, ...] = (),
        forced: bool = False,
    ) -> orders.PlaceOrder:
        """The command for an order, paid exactly."""
        wish = orders.FulfillmentWish(
            id=new_id(),
            kind=kind,
            location=location,
            lines=tuple(orders.LineWish(sku=sku, quantity=n, serials=serials) for sku, n in lines),
        )
        paid = sum(PRICES[sku] * n for sku, n in lines)
        return orders.PlaceOrder(
            key=self.key(),
            order_id=new_id(),
            principal=OFFICE,
            channel="web",
            location=None,
            placed_at=at or self.now,
            fulfillments=(wish,),
            tenders=(orders.TenderGiven(type="cash", amount_minor=paid, currency="EUR"),),
            hold_id=hold,
            forced=forced,
        )

    def fulfill(self, part: orders.Fulfillment, quantities: dict[int, int]) -> orders.Fulfill:
        """The command that goods of an order leave."""
        return orders.Fulfill(
            key=self.key(),
            principal=OFFICE,
            fulfillment_id=part.id,
            step="shipment" if part.kind == "ship" else "handover",
            quantities=quantities,
            occurred_at=self.now,
        )

    def ready(self, part: orders.Fulfillment) -> orders.Advance:
        """The command that goods wait for their customer."""
        return orders.Advance(
            key=self.key(),
            principal=OFFICE,
            fulfillment_id=part.id,
            step="readiness",
            occurred_at=self.now,
        )

    def cancel(self, order: orders.Order, quantities: dict[int, int]) -> orders.Cancel:
        """The command to cancel some of an order."""
        return orders.Cancel(
            key=self.key(),
            principal=OFFICE,
            order_id=order.id,
            reason="changed their mind",
            quantities=quantities,
            occurred_at=self.now,
        )

    def hold(
        self, location: str, lines: Lines, *, seconds: int = 600, allow_partial: bool = False
    ) -> inventory.PlaceHold:
        """The command to hold goods."""
        return inventory.PlaceHold(
            key=self.key(),
            hold_id=new_id(),
            principal=OFFICE,
            channel="web",
            reference=None,
            lines=tuple(
                inventory.HoldWish(sku=sku, location=location, quantity=n) for sku, n in lines
            ),
            seconds=seconds,
            allow_partial=allow_partial,
        )

    def hold_everywhere(self, wanted: Mapping[Place, int]) -> inventory.PlaceHold:
        """The command to hold goods of many places at once."""
        lines = tuple(
            inventory.HoldWish(sku=sku, location=location, quantity=n)
            for (sku, location), n in wanted.items()
        )
        return replace(self.hold("WH", ()), lines=lines)

    def sell_everywhere(self, wanted: Mapping[Place, int]) -> orders.PlaceOrder:
        """The command for one order that is carried out of many places at once."""
        parts = [
            self.order("carry_out", location, [(sku, n)]) for (sku, location), n in wanted.items()
        ]
        return replace(
            parts[0],
            fulfillments=tuple(part.fulfillments[0] for part in parts),
            tenders=tuple(part.tenders[0] for part in parts),
        )

    def change_hold(self, hold_id: UUID, seconds: int | None) -> inventory.ChangeHold:
        """The command to extend a hold, or to release it."""
        return inventory.ChangeHold(hold_id=hold_id, principal=OFFICE, seconds=seconds)

    def claim(self, seconds: int) -> pricing.ClaimCoupon:
        """The command to claim a use of the coupon."""
        return pricing.ClaimCoupon(
            key=self.key(),
            claim_id=new_id(),
            principal=OFFICE,
            coupon=COUPON,
            customer=None,
            seconds=seconds,
        )

    def free(self, claim_id: UUID) -> pricing.FreeClaim:
        """The command to give a claim back."""
        return pricing.FreeClaim(claim_id=claim_id, principal=OFFICE)

    def book(
        self,
        kind: inventory.DocumentType,
        sku: str,
        location: str,
        quantity: int,
        *,
        at: datetime | None = None,
        **more: Any,
    ) -> inventory.BookDocument:
        """The command to book a stock document of one row."""
        row = inventory.DocumentRow(
            sku=sku, location=location, quantity=quantity, occurred_at=at or self.now, **more
        )
        return inventory.BookDocument(
            key=self.key(), principal=OFFICE, document_id=new_id(), type=kind, rows=(row,)
        )

    def transfer(self, source: str, destination: str, sku: str, n: int) -> inventory.DraftTransfer:
        """The command to plan a transfer of one SKU."""
        return inventory.DraftTransfer(
            key=self.key(),
            principal=OFFICE,
            transfer_id=new_id(),
            source=source,
            destination=destination,
            lines=(inventory.TransferWish(sku=sku, quantity=n),),
        )

    def ship(self, transfer_id: UUID) -> inventory.ShipTransfer:
        """The command to send a transfer off."""
        return inventory.ShipTransfer(
            key=self.key(), principal=OFFICE, transfer_id=transfer_id, occurred_at=self.now
        )

    def arrive(self, transfer_id: UUID, n: int) -> inventory.ReceiveTransfer:
        """The command that so many of a transfer's one line arrived."""
        return inventory.ReceiveTransfer(
            key=self.key(),
            principal=OFFICE,
            transfer_id=transfer_id,
            occurred_at=self.now,
            units=(inventory.LineUnits(line=1, quantity=n),),
        )
