"""Card payments without a checkout: begun, used and looked at by hand, at a time of the test's own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from omniretail import channels, idempotency, payments
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id
from tests.callers import EUR, Retailer

T0 = datetime(2026, 7, 6, 12, tzinfo=UTC)
SECRET = "whsec_of_tests"
SHOP = channels.Principal(
    id=new_id(),
    kind="channel",
    name="the web shop",
    scopes=frozenset({"payments:write"}),
    channel="web",
    locations=frozenset(),
)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


class Cards:
    """A checkout's way to the sandbox, and the worker's."""

    def __init__(self, retailer: Retailer) -> None:
        self.database: Database = retailer.process.database
        self.provider = payments.SandboxProvider(self.database, secret=SECRET)
        self.clock = Clock()

    def command(
        self, method: str = "ok", *, key: str | None = None, **more: Any
    ) -> payments.StartPayment:
        """The command to authorize 20.00 euro in the web shop."""
        wanted: dict[str, Any] = {
            "key": idempotency.Key(SHOP.id, key or str(new_id()), b"1" * 16),
            "payment_id": new_id(),
            "principal": SHOP,
            "channel": "web",
            "cart_id": None,
            "type": "card",
            "amount_minor": 2000,
            "currency": EUR,
            "method": method,
        }
        return payments.StartPayment(**wanted | more)

    async def start(self, command: payments.StartPayment) -> payments.Payment:
        """Write a payment down, and ask nobody."""
        (outcome,) = await self.database.run(
            lambda tx: payments.start_payments(tx, [command], provider="sandbox", now=self.clock())
        )
        return value(outcome)

    async def pay(self, method: str = "ok", **more: Any) -> payments.Payment:
        """Have 20.00 euro authorized."""
        return await self.pay_by(self.command(method, **more))

    async def pay_by(self, command: payments.StartPayment) -> payments.Payment:
        """Have an amount authorized by a command."""
        return value(await payments.pay(self.database, self.provider, command, clock=self.clock))

    async def record(
        self, payment_id: UUID, answer: payments.ProviderAnswer | None
    ) -> payments.Payment:
        """Record what the provider said of a payment."""
        told = payments.Told(payment_id=payment_id, answer=answer)
        (outcome,) = await self.database.run(
            lambda tx: payments.record_answers(tx, [told], now=self.clock())
        )
        return value(outcome)

    async def found(self, payment_id: UUID) -> payments.Payment:
        """Return a payment as it stands."""
        async with self.database.transaction() as tx:
            return await payments.find_payment(tx, payment_id, principal=SHOP)

    async def use(
        self, payment_id: UUID, order_id: UUID, *, amount_minor: int = 2000, **more: Any
    ) -> DomainError | None:
        """Use a payment for an order, as its first tender."""

        async def work(tx: Transaction) -> DomainError | None:
            (found,) = await tx.read(payments.lock_payments([payment_id]))
            tender: dict[str, Any] = {"currency": EUR, "principal": SHOP, "tender_number": 1}
            refusal: DomainError | None = found.use(
                payment_id, order_id=order_id, amount_minor=amount_minor, **tender | more
            )
            await tx.write(*payments.write_payments(found))
            return refusal

        return await self.database.run(work)

    async def sold(self, method: str = "ok") -> tuple[UUID, UUID]:
        """Return a payment of 20.00 euro that an order used, and the order."""
        payment, order_id = await self.pay(method), new_id()
        if payment.state == "pending":
            self.clock.move(minutes=1)
            await payments.find_pending(self.database, self.provider, self.clock)
        assert await self.use(payment.id, order_id) is None
        return payment.id, order_id

    async def request(self, sold: tuple[UUID, UUID], *kinds: tuple[Any, int]) -> None:
        """Have the provider capture, void or refund so much of what was sold."""
        payment_id, order_id = sold
        wishes = [
            payments.OperationWish(
                payment_id=payment_id,
                kind=kind,
                amount_minor=amount,
                order_id=order_id,
                tender_number=1,
            )
            for kind, amount in kinds
        ]

        async def work(tx: Transaction) -> None:
            await tx.write(*payments.request_operations(wishes, now=self.clock()))

        await self.database.run(work)

    async def settle(self, most: int = 20) -> int:
        """Have what is due done, as the worker does."""
        return await payments.settle_due(self.database, self.provider, self.clock, most=most)

    async def settle_all(self) -> int:
        """Have everything done, however long it takes; returns how often the provider was asked."""
        asked = 0
        for _ in range(20):
            asked += await self.settle()
            self.clock.move(minutes=30)
        return asked

    async def operations(self, sold: tuple[UUID, UUID]) -> list[tuple[str, int, str, str | None]]:
        """Return (kind, amount, state, failure) of what was asked for about an order."""
        async with self.database.transaction() as tx:
            (found,) = await tx.read(payments.operations_of_orders([sold[1]]))
        return [
            (one.kind, one.amount_minor, one.state, one.failure) for one in found.get(sold[1], [])
        ]

    async def at_the_sandbox(self, payment_id: UUID) -> list[tuple[str, int, str | None]]:
        """Return (kind, amount, why it was declined) of what the sandbox did about a payment."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch(
                "select kind, amount_minor, decline_code from sandbox_charge "
                "where payment_id = $1 order by id",
                payment_id,
            )
        return [tuple(row) for row in rows]


def value(outcome: idempotency.Answer[payments.Payment] | DomainError) -> payments.Payment:
    """Return what a command led to; it must not have been refused."""
    assert isinstance(outcome, idempotency.Answer), outcome
    return outcome.value
