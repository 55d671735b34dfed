"""The demo retailer: generated, small, and made only through the doors that a real one uses.

Four stores and a warehouse, 240 SKUs and a kit with prices in euro, taxes, promotions and a coupon,
stock, customers and their loyalty programme, a day of orders in every state, goods that came back, and
one key of every kind. Loaded once; the keys are written to a file that only its owner can read.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import structs
from stdnum import ean

from omniretail import catalog, channels, inventory, pricing
from omniretail.db import Database, Transaction
from omniretail.demo import back, club, day
from omniretail.demo.outcomes import all_good
from omniretail.idempotency import Key
from omniretail.ids import new_id

Advance = Callable[[str], None]
"""Told the name of each step when it is done."""

STEPS = (
    *("locations", "SKUs", "prices", "keys", "stock", "transfers"),
    *("customers", "orders", "returns"),
)

_LOCATIONS = (
    ("WH", "Central warehouse", "warehouse", 52.3702, 4.8952, ("ship",)),
    ("AMS", "Amsterdam, Kalverstraat", "store", 52.3700, 4.8914, ("carry_out", "pickup", "ship")),
    ("BER", "Berlin, Tauentzien", "store", 52.5030, 13.3390, ("carry_out", "pickup", "ship")),
    ("PAR", "Paris, Rivoli", "store", 48.8566, 2.3522, ("carry_out", "pickup")),
    ("VIE", "Wien, Mariahilf", "store", 48.1985, 16.3500, ("carry_out", "pickup")),
)
_REGIONS = {"BER": "DE", "PAR": "FR", "VIE": "AT"}
_TAX_RATES = {"NL": 210_000, "DE": 190_000, "FR": 200_000, "AT": 200_000}
_HOME = "NL"
_ZONES = {"BER": "Europe/Berlin", "PAR": "Europe/Paris", "VIE": "Europe/Vienna"}
_GOODS = (
    ("TEE", "T-shirt", 1990),
    ("HOOD", "Hoodie", 5990),
    ("JEANS", "Jeans", 7990),
    ("SOCKS", "Wool socks", 990),
    ("MUG", "Becher · マグ", 1290),
    ("BAG", "Tote bag", 1490),
    ("CAP", "Casquette d’été", 2190),
    ("LAMP", "Desk lamp", 4490),
)
_CATEGORIES = {"MUG": "home", "LAMP": "home", "CAP": "headwear"}
_GOLD_HOODIE_MINOR = 4990
_SILVER_HOODIE_MINOR = 5490
_PROMOTIONS = (
    pricing.Promotion(
        code="CAPS-3-FOR-2",
        name="Caps: three for the price of two",
        action=pricing.BuyXGetY(buy=2, get=1),
        categories=frozenset({"headwear"}),
    ),
    pricing.Promotion(
        code="WELCOME",
        name="10 % off the first order",
        action=pricing.Percent(rate_ppm=100_000, level="order"),
        coupon_only=True,
    ),
    pricing.Promotion(
        code="FREE-SHIPPING",
        name="Free shipping from 75 euro",
        action=pricing.Shipping(rate_ppm=1_000_000),
        currency="EUR",
        minimum_minor=7500,
    ),
)
_WELCOME = pricing.Coupon(code="WELCOME10", promotion="WELCOME", limit_per_customer=1)
_COLORS = ("Black", "White", "Red", "Blue", "Green", "Sand")
_SIZES = ("XS", "S", "M", "L", "XL")
_TWIN_PACK = catalog.SkuSpec(
    code="TWIN-TEE-BLA-M",
    name="T-shirt, black, M, twin pack",
    components=(catalog.Component("TEE-BLA-M", 2),),
)
_TWIN_PACK_MINOR = 3490
_OPEN_FOR = timedelta(days=7)
_BACK_ORDERED = {"LAMP-SAN-XL": catalog.Ordering("back_order", limit=20)}


class DemoKeys(msgspec.Struct, frozen=True):
    """The demo's keys, one of each kind."""

    terminal: str
    channel: str
    staff: str
    integration: str


async def load(database: Database, *, advance: Advance, now: datetime) -> DemoKeys:
    """Load the demo retailer into an empty database, in one transaction; returns its keys."""

    # Prices and goods were there before the day whose orders are shown.
    opened = now - _OPEN_FOR

    async def everything(tx: Transaction) -> DemoKeys:
        await _master_data(tx, advance, opened)
        keys, principals = await _keys(tx, now)
        advance("keys")
        await _stock(tx, principals["integration"], opened)
        advance("stock")
        await _transfers(tx, principals["integration"], now)
        advance("transfers")
        await club.load(tx, principals["integration"], opened, now)
        advance("customers")
        sold = await day.load(tx, principals, now)
        advance("orders")
        await back.load(tx, principals, sold, now)
        advance("returns")
        return keys

    return await database.run(everything)


async def is_loaded(database: Database) -> bool:
    """Tell whether there is a retailer in the database already."""
    async with database.transaction() as tx:
        return bool(await channels.list_channels(tx))


def write_keys(path: Path, keys: DemoKeys) -> None:
    """Keep the demo's keys in a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(keys))


def read_keys(path: Path) -> DemoKeys | None:
    """Return the demo's keys, where they were kept."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=DemoKeys)
    except (OSError, msgspec.DecodeError):
        return None


async def _master_data(tx: Transaction, advance: Advance, now: datetime) -> None:
    for code, name, kind in (
        ("pos", "Tills", "pos"),
        ("web", "Web shop", "web"),
        ("mobile", "Mobile app", "mobile"),
    ):
        await channels.put_channel(
            tx,
            channels.ChannelSpec(code=code, name=name, kind=kind, currency="EUR", region=_HOME),  # type: ignore[arg-type]
            now=now,
        )
    all_good(await catalog.put_locations(tx, [_location(*row) for row in _LOCATIONS], now=now))
    stores = tuple(code for code, _, kind, *_ in _LOCATIONS if kind == "store")
    await catalog.put_location_group(
        tx, catalog.LocationGroup(code="stores", name="All stores", locations=stores), now=now
    )
    advance("locations")
    all_good(await catalog.put_skus(tx, [*_skus(), _TWIN_PACK], now=now))
    advance("SKUs")
    await _prices(tx, now)
    advance("prices")


async def _prices(tx: Transaction, now: datetime) -> None:
    # In the Netherlands nobody has smaller coins than five cents.
    euro = pricing.Currency(code="EUR", exponent=2, cash_step_minor=5)
    await pricing.put_currency(tx, euro, now=now)
    rates = [
        pricing.TaxRate(tax_class="standard", region=region, valid_from=now, rate_ppm=rate_ppm)
        for region, rate_ppm in _TAX_RATES.items()
    ]
    all_good(await pricing.put_tax_rates(tx, rates, now=now))
    retail = pricing.PriceList(code="retail", name="Retail prices", currency="EUR")
    gold = pricing.PriceList(
        code="gold",
        name="Gold customers",
        currency="EUR",
        priority=10,
        scope=pricing.Scope(customer_group="gold"),
    )
    silver = structs.replace(
        gold,
        code="silver",
        name="Silver customers",
        scope=pricing.Scope(customer_group="silver"),
    )
    for price_list in (retail, silver, gold):
        await pricing.put_price_list(tx, price_list, now=now)
    prices = [
        pricing.NewPrice(
            price_list=retail.code,
            sku=f"{code}-{color[:3].upper()}-{size}",
            amount_minor=amount,
            currency="EUR",
            valid_from=now,
        )
        for (code, _, amount), color, size in product(_GOODS, _COLORS, _SIZES)
    ]
    twin_pack = structs.replace(prices[0], sku=_TWIN_PACK.code, amount_minor=_TWIN_PACK_MINOR)
    for_tiers = [
        structs.replace(price, price_list=tier.code, amount_minor=amount)
        for tier, amount in ((silver, _SILVER_HOODIE_MINOR), (gold, _GOLD_HOODIE_MINOR))
        for price in prices
        if price.sku.startswith("HOOD-")
    ]
    all_good(await pricing.set_prices(tx, [*prices, twin_pack, *for_tiers], now=now))
    for promotion in _PROMOTIONS:
        await pricing.put_promotion(tx, promotion, now=now)
    all_good(await pricing.put_coupons(tx, [_WELCOME], now=now))


def _skus() -> list[catalog.SkuSpec]:
    skus = []
    for number, ((good, name, _), color, size) in enumerate(product(_GOODS, _COLORS, _SIZES)):
        code = f"{good}-{color[:3].upper()}-{size}"
        skus.append(
            catalog.SkuSpec(
                code=code,
                name=f"{name}, {color.lower()}, {size}",
                barcodes=(catalog.Barcode(code=_gtin(number)),),
                ordering=_BACK_ORDERED.get(code),
                categories=(_CATEGORIES.get(good, "clothing"),),
            )
        )
    return skus


async def _keys(tx: Transaction, now: datetime) -> tuple[DemoKeys, dict[str, channels.Principal]]:
    made = {
        "terminal": await channels.create_key(
            tx,
            kind="terminal",
            name="Amsterdam, till 1",
            channel="pos",
            locations=frozenset({"AMS"}),
            now=now,
        ),
        "channel": await channels.create_key(
            tx, kind="channel", name="Web shop backend", channel="web", now=now
        ),
        "staff": await channels.create_key(
            tx, kind="staff", name="Amsterdam, staff", locations=frozenset({"AMS"}), now=now
        ),
        "integration": await channels.create_key(
            tx, kind="integration", name="Back office", now=now
        ),
    }
    keys = DemoKeys(**{kind: key.token for kind, key in made.items()})
    return keys, {kind: key.principal for kind, key in made.items()}


async def _stock(tx: Transaction, principal: channels.Principal, now: datetime) -> None:
    rows = tuple(
        inventory.DocumentRow(
            sku=f"{code}-{color[:3].upper()}-{size}",
            location=location,
            quantity=100 if location == "WH" else 6 + (len(code) + len(color) + len(size)) % 9,
            reason="opening_balance",
            occurred_at=now,
        )
        for (code, _, _), color, size in product(_GOODS, _COLORS, _SIZES)
        for location, *_ in _LOCATIONS
    )
    command = inventory.BookDocument(
        key=Key(principal.id, "demo-opening-balance", b""),
        principal=principal,
        document_id=new_id(),
        type="receipt",
        rows=rows,
        all_or_nothing=True,
    )
    all_good(await inventory.book(tx, [command], now=now))


async def _transfers(tx: Transaction, principal: channels.Principal, now: datetime) -> None:
    """Send goods from the warehouse to Amsterdam, where they are expected the day after tomorrow."""
    draft = inventory.DraftTransfer(
        key=Key(principal.id, "demo-transfer", b""),
        principal=principal,
        transfer_id=new_id(),
        source="WH",
        destination="AMS",
        lines=(
            inventory.TransferWish(sku="TEE-BLA-M", quantity=24),
            inventory.TransferWish(sku="HOOD-BLU-L", quantity=12),
        ),
        expected_at=now + timedelta(days=2),
        note="Weekly replenishment",
    )
    (drafted,) = all_good(await inventory.change_transfers(tx, [draft], now=now))
    shipment = inventory.ShipTransfer(
        key=Key(principal.id, "demo-transfer-shipment", b""),
        principal=principal,
        transfer_id=drafted.value.id,
        occurred_at=now,
    )
    all_good(await inventory.change_transfers(tx, [shipment], now=now))


def _location(
    code: str,
    name: str,
    kind: Literal["store", "warehouse"],
    latitude: float,
    longitude: float,
    capabilities: tuple[catalog.Capability, ...],
) -> catalog.LocationSpec:
    return catalog.LocationSpec(
        code=code,
        name=name,
        kind=kind,
        time_zone=_ZONES.get(code, "Europe/Amsterdam"),
        region=_REGIONS.get(code, _HOME),
        latitude=latitude,
        longitude=longitude,
        capabilities=capabilities,
    )


def _gtin(number: int) -> str:
    """Return an EAN-13 of the range that GS1 leaves to a company's internal use (prefix 20)."""
    digits = f"20{number:010d}"
    return digits + ean.calc_check_digit(digits)
