"""The retailer that the benchmarks sell from: its goods, prices, keys and stock.

Filled through the product's own operations, so that the audit can hold at the end.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec

from omniretail import catalog, channels, clock, embedded, inventory, orders, pricing
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
# And one for the great counts: nothing of it is sold either.
COUNTED_SKUS = 1_000
COUNTED_LOCATIONS = 100
COUNTED_STOCK = 1_000

# A retailer whose orders are sourced, and who has many pickups waiting.
SOURCES = 50
SOURCED_SKUS = 1_000
PICKUPS = 10_000
RETURNED_ORDERS = 20_000
RETURNED_UNITS = 3
"""So many units each order has, which come back one by one."""
_AT_ONCE = 500

PROMOTIONS = 200

CHANNEL = "web"
CURRENCY = "EUR"
UNIT_PRICE_MINOR = 1_000
# Two deals: a tenth off each, and 5 % off what is left of both.
TWO_DEALS_MINOR = 1_710
PAID_MINOR = 100
"""What a member pays by points."""
# Nothing may run out, and one SKU must be able to carry every order of a run.
_STOCK = 100_000_000

Filled = TypeVar("Filled")


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """What the load needs to know of the filled retailer."""

    url: str
    token: str
    """The web shop's key: it sells, and reads stock."""
    principal_id: UUID
    holder_token: str
    """The key of the web shop's baskets, which hold: what they write is told from the orders."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What counting needs to know of the retailer that is counted."""

    url: str
    token: str


class Sourced(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of the retailer whose orders are sourced; `staff` look at the queue."""

    url: str
    token: str
    staff: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of the retailer whose goods come back: a till, and the orders that were sold."""

    url: str
    token: str
    orders: list[str]


class Promoting(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of the retailer that has promotions; `office` sets prices."""

    url: str
    token: str
    office: str


# The numbers are padded, so that the order of the codes is the order of the numbers: whoever
# locks in one order locks in the other.
def sku(number: int) -> str:
    """Return the code of a SKU that is sold."""
    return f"SKU-{number:04}"


def location(number: int) -> str:
    """Return the code of a location that sells."""
    return f"L{number}"


def source(number: int) -> str:
    """Return the code of a location that orders are sourced from."""
    return f"P{number:02}"


def held_sku(number: int) -> str:
    """Return the code of a SKU that is held: a level with live holds costs an order one look more."""
    return f"HELD-{number:04}"


def deal_sku(number: int) -> str:
    """Return the code of a SKU that promotions work on."""
    return f"DEAL-{number:04}"


def wide_sku(number: int) -> str:
    """Return the code of a SKU that stands at many locations."""
    return f"W{number:02}"


def counted_sku(number: int) -> str:
    """Return the code of a SKU that is counted."""
    return f"C-{number:04}"


def store(number: int) -> str:
    """Return the code of one of many locations."""
    return f"STORE-{number:02}"


async def database(server: embedded.Server, name: str, *, template: str = "template1") -> str:
    """Create a database, of a template to which nobody may be connected; return its URL."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(f"create database {name} template {template}")
    finally:
        await connection.close()
    return server.url(name)


async def fill(url: str) -> Shop:
    """Fill an empty database with the retailer that is sold from."""
    return await filled(url, lambda tx, now: _everything(tx, url, now))


async def fill_counted(url: str) -> Counted:
    """Fill an empty database with the retailer that is counted."""
    return await filled(url, lambda tx, now: _counted(tx, url, now))


async def fill_promoting(url: str) -> Promoting:
    """Fill an empty database with the retailer that has promotions."""
    return await filled(url, lambda tx, now: _promoting(tx, url, now))


async def fill_sourced(url: str) -> Sourced:
    """Fill an empty database with the retailer whose orders are sourced."""
    return await filled(url, lambda tx, now: _sourced(tx, url, now))


async def fill_returned(url: str) -> Returned:
    """Fill an empty database with the retailer whose goods come back."""
    return await filled(url, lambda tx, now: _returned(tx, url, now))


async def filled(url: str, work: Callable[[Transaction, datetime], Awaitable[Filled]]) -> Filled:
    """Migrate an empty database, fill it by `work`, and give the planner its statistics."""
    await migrate(url)
    opened = Database(url, pool_size=1)
    try:
        now = clock.now()
        await opened.run(lambda tx: ensure_months(tx, now=now))
        filled = await opened.run(lambda tx: work(tx, now))
        await opened.analyze()
    finally:
        await opened.close()
    return filled


async def _everything(tx: Transaction, url: str, now: datetime) -> Shop:
    await channels.put_channel(
        tx,
        channels.ChannelSpec(code=CHANNEL, name="Web shop", kind="web", currency=CURRENCY),
        now=now,
    )
    sold = [sku(number) for number in range(SKUS)]
    held = [held_sku(number) for number in range(SKUS)]
    wide = [wide_sku(number) for number in range(WIDE_SKUS)]
    selling = [location(number) for number in range(LOCATIONS)]
    many = [store(number) for number in range(WIDE_LOCATIONS)]
    await _put(tx, (*sold, *held, *wide), (*selling, *many), now)
    await _price(tx, sold, now)
    opener = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    for goods, places in ((sold, selling), (held, selling), (wide, many)):
        await _receive(tx, opener.principal, goods, places, _STOCK, now)
    web, baskets = [
        await channels.create_key(tx, kind="channel", name=name, channel=CHANNEL, now=now)
        for name in ("Web shop", "Baskets of the web shop")
    ]
    return Shop(url=url, token=web.token, principal_id=web.principal.id, holder_token=baskets.token)


async def web_shop(tx: Transaction, now: datetime) -> tuple[channels.Principal, str]:
    """Fill in the web shop and the goods that it sells; return the back office, and the shop's key."""
    channel = channels.ChannelSpec(code=CHANNEL, name="Web shop", kind="web", currency=CURRENCY)
    await channels.put_channel(tx, channel, now=now)
    sold = [sku(number) for number in range(SKUS)]
    selling = [location(number) for number in range(LOCATIONS)]
    await _put(tx, sold, selling, now)
    await _price(tx, sold, now)
    office = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    await _receive(tx, office.principal, sold, selling, _STOCK, now)
    web = await channels.create_key(tx, kind="channel", name="Web shop", channel=CHANNEL, now=now)
    return office.principal, web.token


async def _counted(tx: Transaction, url: str, now: datetime) -> Counted:
    counted = [counted_sku(number) for number in range(COUNTED_SKUS)]
    places = [store(number) for number in range(COUNTED_LOCATIONS)]
    await _put(tx, counted, places, now)
    office = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    most = 100  # SKUs in a receipt, so that it has no more rows than a request may have
    for first in range(0, COUNTED_SKUS, most):
        goods = counted[first : first + most]
        await _receive(tx, office.principal, goods, places, COUNTED_STOCK, now)
    return Counted(url=url, token=office.token)


async def _sourced(tx: Transaction, url: str, now: datetime) -> Sourced:
    """Fill in locations a degree of latitude apart, goods at all of them, and pickups at the first."""
    channel = channels.ChannelSpec(code=CHANNEL, name="Web shop", kind="web", currency=CURRENCY)
    await channels.put_channel(tx, channel, now=now)
    sold = [sku(number) for number in range(SOURCED_SKUS)]
    places = [
        catalog.LocationSpec(code=source(number), name=source(number), latitude=number, longitude=5)
        for number in range(SOURCES)
    ]
    accepted(await catalog.put_locations(tx, places, now=now))
    await _put(tx, sold, (), now)
    await _price(tx, sold, now)
    office = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    most = 200  # SKUs in a receipt, so that it has no more rows than a request may have
    for first in range(0, SOURCED_SKUS, most):
        goods = sold[first : first + most]
        await _receive(tx, office.principal, goods, [place.code for place in places], _STOCK, now)
    web = await channels.create_key(tx, kind="channel", name="Web shop", channel=CHANNEL, now=now)
    await _pickups(tx, web.principal, sold, now)
    return Sourced(url=url, token=web.token, staff=office.token)


async def _returned(tx: Transaction, url: str, now: datetime) -> Returned:
    """Fill in orders of a few units each, which a till has sold and may have back."""
    channel = channels.ChannelSpec(code=CHANNEL, name="Tills", kind="pos", currency=CURRENCY)
    await channels.put_channel(tx, channel, now=now)
    sold = [sku(number) for number in range(SKUS)]
    await _put(tx, sold, (location(0), location(1)), now)
    await _price(tx, sold, now)
    office = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    await _receive(tx, office.principal, sold, [location(0)], _STOCK, now)
    tills = [
        await channels.create_key(
            tx,
            kind="terminal",
            name=f"Till at {place}",
            channel=CHANNEL,
            locations=frozenset({place}),
            now=now,
        )
        for place in (location(0), location(1))
    ]
    seller = tills[0].principal
    placed = [
        order
        for first in range(0, RETURNED_ORDERS, _AT_ONCE)
        for order in await _sales(
            tx, seller, "carry_out", location(0), sold, range(first, first + _AT_ONCE), now
        )
    ]
    return Returned(url=url, token=tills[1].token, orders=placed)


async def _pickups(
    tx: Transaction, principal: channels.Principal, skus: Sequence[str], now: datetime
) -> None:
    """Place orders that wait at the first location to be collected."""
    for first in range(0, PICKUPS, _AT_ONCE):
        numbers = range(first, first + _AT_ONCE)
        await _sales(tx, principal, "pickup", source(0), skus, numbers, now)


async def _sales(
    tx: Transaction,
    principal: channels.Principal,
    kind: orders.FulfillmentKind,
    place: str,
    skus: Sequence[str],
    numbers: Iterable[int],
    now: datetime,
) -> list[str]:
    """Place orders of one line each; return their ids."""
    quantity = 1 if kind == "pickup" else RETURNED_UNITS
    commands = [
        _sale(principal, kind, place, skus[number % len(skus)], quantity, number, now)
        for number in numbers
    ]
    accepted(await orders.place(tx, commands, books=pricing.BookKeeper(), now=now))
    return [str(command.order_id) for command in commands]


def _sale(
    principal: channels.Principal,
    kind: orders.FulfillmentKind,
    place: str,
    code: str,
    quantity: int,
    number: int,
    now: datetime,
) -> orders.PlaceOrder:
    wish = orders.FulfillmentWish(
        id=new_id(),
        kind=kind,
        location=place,
        lines=(orders.LineWish(sku=code, quantity=quantity),),
    )
    paid = orders.TenderGiven(
        type="card",
        amount_minor=quantity * UNIT_PRICE_MINOR,
        currency=CURRENCY,
        reference="bench",
    )
    return orders.PlaceOrder(
        key=Key(principal.id, f"{kind}-{number}", b""),
        order_id=new_id(),
        principal=principal,
        channel=CHANNEL,
        location=None,
        placed_at=now,
        fulfillments=(wish,),
        tenders=(paid,),
    )


async def _promoting(tx: Transaction, url: str, now: datetime) -> Promoting:
    """Fill in the goods and two hundred promotions: all but one on ten SKUs or so each, and 5 % off the
    deals of an order together.
    """
    channel = channels.ChannelSpec(code=CHANNEL, name="Web shop", kind="web", currency=CURRENCY)
    await channels.put_channel(tx, channel, now=now)
    sold = [sku(number) for number in range(SKUS)]
    deals = [deal_sku(number) for number in range(SKUS)]
    selling = [location(number) for number in range(LOCATIONS)]
    await _put(tx, (*sold, *deals), selling, now)
    await _price(tx, (*sold, *deals), now)
    rate = pricing.TaxRate(tax_class="standard", valid_from=now, rate_ppm=200_000)
    accepted(await pricing.put_tax_rates(tx, [rate], now=now))
    promotions = [
        pricing.Promotion(
            code=f"TENTH-{number:03}",
            name="A tenth off",
            action=pricing.Percent(rate_ppm=100_000),
            skus=frozenset(deals[number :: PROMOTIONS - 1]),
        )
        for number in range(PROMOTIONS - 1)
    ]
    together = pricing.Promotion(
        code="TOGETHER",
        name="5 % off all deals",
        action=pricing.Percent(rate_ppm=50_000, level="order"),
        skus=frozenset(deals),
    )
    for promotion in (*promotions, together):
        await pricing.put_promotion(tx, promotion, now=now)
    office = await channels.create_key(tx, kind="integration", name="Back office", now=now)
    await _receive(tx, office.principal, sold, selling, _STOCK, now)
    await _receive(tx, office.principal, deals, selling, _STOCK, now)
    web = await channels.create_key(tx, kind="channel", name="Web shop", channel=CHANNEL, now=now)
    return Promoting(url=url, token=web.token, office=office.token)


async def _put(
    tx: Transaction, skus: Iterable[str], locations: Iterable[str], now: datetime
) -> None:
    places = [catalog.LocationSpec(code=code, name=code) for code in locations]
    accepted(await catalog.put_locations(tx, places, now=now))
    goods = [catalog.SkuSpec(code=code, name=f"Article {code}") for code in skus]
    accepted(await catalog.put_skus(tx, goods, now=now))


async def _price(tx: Transaction, skus: Iterable[str], now: datetime) -> None:
    retail = pricing.PriceList(code="retail", name="Retail prices", currency=CURRENCY)
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
    accepted(await pricing.set_prices(tx, prices, now=now))


async def _receive(
    tx: Transaction,
    principal: channels.Principal,
    skus: Sequence[str],
    locations: Sequence[str],
    quantity: int,
    now: datetime,
) -> None:
    document_id = new_id()
    rows = tuple(
        inventory.DocumentRow(
            sku=code, location=place, quantity=quantity, reason="opening_balance", occurred_at=now
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
    accepted(await inventory.book(tx, [command], now=now))


def accepted(outcomes: Iterable[object]) -> None:
    """Raise the first refusal of a batch, if there is one."""
    for outcome in outcomes:
        if isinstance(outcome, DomainError):
            raise outcome
