"""The retailer whose customers are members of its programme: five thousand, and three who stand out.

Filled through the product's own operations, as `shop` is, so that the audit can hold at the end.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from benchmarks import shop
from omniretail import channels, customers, loyalty
from omniretail.db import Transaction
from omniretail.idempotency import Key
from omniretail.ids import new_id

MEMBERS = 5_000
FEW_ENTRIES = 10
MANY_ENTRIES = 100_000
MANY_LOTS = 20_000
_POINTS = 1_000_000
_AT_ONCE = 500
_PROGRAMME = loyalty.Programme(
    name="Club",
    zone="Europe/Berlin",
    per_minor={shop.CURRENCY: 100},
    redeem_minor={shop.CURRENCY: 100},
    rules=(loyalty.EarnRule(code="web", name="Double on the web", kind="multiplier", percent=200),),
    tiers=(
        loyalty.Tier(code="silver", name="Silver", qualifying=1_000, percent=110),
        loyalty.Tier(
            code="gold", name="Gold", qualifying=5_000, percent=125, customer_group="gold"
        ),
    ),
)


Command = TypeVar("Command")


class Club(msgspec.Struct, frozen=True, kw_only=True):
    """What the load needs to know of the retailer that has members.

    `few` is the account that has ten entries, `entries` the one that has a hundred thousand, `lots` the
    one whose points stand on twenty thousand lots.
    """

    url: str
    token: str
    customers: list[str]
    accounts: list[str]
    few: str
    entries: str
    lots: str


async def fill(url: str) -> Club:
    """Fill an empty database with the retailer that has members."""
    return await shop.filled(url, lambda tx, now: _club(tx, url, now))


async def _club(tx: Transaction, url: str, now: datetime) -> Club:
    office, web = await shop.web_shop(tx, now)
    put = loyalty.AddProgramme(key=_key(office), principal=office, programme=_PROGRAMME)
    shop.accepted(await loyalty.add_programmes(tx, [put], now=now))
    people = [new_id() for _ in range(MEMBERS + 3)]
    known = [
        customers.CreateCustomer(
            key=_key(office), actor_id=office.id, channel=None, customer_id=person
        )
        for person in people
    ]
    for some in _batches(known):
        shop.accepted(await customers.change_customers(tx, some, now=now))
    accounts = [new_id() for _ in people]
    opened = [
        loyalty.OpenAccount(
            key=_key(office), principal=office, account_id=account, members=(person,)
        )
        for account, person in zip(accounts, people, strict=True)
    ]
    few, entries, lots = accounts[MEMBERS:]

    def given(account: UUID, points: int, months: int = 0) -> loyalty.AdjustPoints:
        return loyalty.AdjustPoints(
            key=_key(office),
            principal=office,
            account_id=account,
            points=points,
            reason="bench",
            expires_at=now + timedelta(days=30 * months) if months and points > 0 else None,
        )

    # A few lots each, as whoever buys now and then has them.
    plenty = [given(account, _POINTS, months) for months in (12, 18, 0) for account in accounts]
    changed: list[loyalty.AccountCommand] = [
        *opened,
        *plenty[: 2 * len(accounts)],
        *(one for one in plenty[2 * len(accounts) :] if one.account_id not in {few, entries, lots}),
        *(given(few, 1) for _ in range(FEW_ENTRIES - 2)),
        *(given(lots, 1) for _ in range(MANY_LOTS - 2)),
        # What came in last is spent first, so that this one has many entries, and few lots with points.
        *(given(entries, sign, 6) for _ in range(MANY_ENTRIES // 2 - 1) for sign in (1, -1)),
    ]
    for more in _batches(changed):
        shop.accepted(await loyalty.change_accounts(tx, more, now=now))
    return Club(
        url=url,
        token=web,
        customers=[str(person) for person in people[:MEMBERS]],
        accounts=[str(account) for account in accounts[:MEMBERS]],
        few=str(few),
        entries=str(entries),
        lots=str(lots),
    )


def _batches(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    for first in range(0, len(commands), _AT_ONCE):
        yield commands[first : first + _AT_ONCE]


def _key(principal: channels.Principal) -> Key:
    return Key(principal.id, str(new_id()), b"")
