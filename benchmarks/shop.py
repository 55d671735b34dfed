"""The retailer that the benchmarks sell from: its goods, prices, keys and stock.

Filled through the product's own operations, so that the audit can hold at the end.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from omniretail import catalog, channels, clock, inventory, pricing
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError
from omniretail.idempotency import Key
from omniretail.ids import new_id
from omniretail.migrations import ensure_months, migrate

SKUS = 2_000
LOCATIONS = 5
# A set of its own for the one large question: nothing of it is ever sold.
WIDE_SKUS = 100
WIDE_LOCATIONS = 100

CHANNEL = "web"
CURRENCY = "EUR"
UNIT_PRICE_MINOR = 1_000
# Nothing may run out, and one SKU must be able to carry every order of a run.
_STOCK = 100_000_000


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """What the load needs to know of the filled retailer."""

    url: str
    token: str
    """The web shop's key: it sells, and reads stock."""
    principal_id: UUID


# The numbers are padded, so that the order of the codes is the order of the numbers: whoever
# locks in one order locks in the other.
def sku(number: int) -> str:
    """Return the code of a SKU that is sold."""
    return f"SKU-{number:04}"


def location(number: int) -> str:
    """Return the code of a location that sells."""
    return f"L{number}"


def wide_sku(number: int) -> str:
    """Return the code of a SKU that stands at many locations."""
    return f"W{number:02}"


async def fill(url: str) -> Shop:
    """Migrate an empty database, fill it, and give the planner its statistics."""
    await migrate(url)
    database = Database(url, pool_size=1)
    try:
        now = clock.now()
        await database.run(lambda tx: ensure_months(tx, now=now))
        shop = await database.run(lambda tx: _everything(tx, url, now))
        await database.analyze()
    finally:
        await database.close()
    return shop


async def _everything(tx: Transaction, url: str, now: datetime) -> Shop:
    await channels.put_channel(
        tx,
        channels.ChannelSpec(code=CHANNEL, name="Web shop", kind="web", currency=CURRENCY),
        now=now,
    )
    sold = [sku(number) for number in range(SKUS)]
    wide = [wide_sku(number) for number in range(WIDE_SKUS)]
    selling = [location(number) for number in range(LOCATIONS)]
    many = [f"STORE-{number:02}" for number in range(WIDE_LOCATIONS)]
    places = [catalog.LocationSpec(code=code, name=code) for code in (*selling, *many)]
    _accepted(await catalog.put_locations(tx, places, now=now))
    goods = [catalog.SkuSpec(code=code, name=f"Article {code}") for code in (*sold, *wide)]
    _accepted(await catalog.put_skus(tx, goods, now=now))
    await _price(tx, sold, now)
    opener = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    await _receive(tx, opener.principal, sold, selling, now)
    await _receive(tx, opener.principal, wide, many, now)
    web = await channels.create_key(tx, kind="channel", name="Web shop", channel=CHANNEL, now=now)
    return Shop(url=url, token=web.token, principal_id=web.principal.id)


async def _price(tx: Transaction, skus: Iterable[str], now: datetime) -> None:
    retail = pricing.PriceListSpec(code="retail", name="Retail prices", currency=CURRENCY)
    await pricing.put_price_list(tx, retail, now=now)
    prices = [
        pricing.NewPrice(
            price_list=retail.code,
            sku=code,
            amount_minor=UNIT_PRICE_MINOR,
            currency=CURRENCY,
            valid_from=now,
        )
        for code in skus
    ]
    _accepted(await pricing.set_prices(tx, prices, now=now))


async def _receive(
    tx: Transaction,
    principal: channels.Principal,
    skus: Sequence[str],
    locations: Sequence[str],
    now: datetime,
) -> None:
    document_id = new_id()
    rows = tuple(
        inventory.DocumentRow(
            sku=code, location=place, quantity=_STOCK, reason="opening_balance", occurred_at=now
        )
        for code in skus
        for place in locations
    )
    command = inventory.BookDocument(
        key=Key(principal.id, str(document_id), b""),
        principal=principal,
        document_id=document_id,
        type="receipt",
        rows=rows,
        all_or_nothing=True,
    )
    _accepted(await inventory.book(tx, [command], now=now))


def _accepted(outcomes: Iterable[object]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, DomainError):
            raise outcome
