"""Reading and writing loyalty accounts as rows. It decides nothing: what may be done is in `points`."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from omniretail.db import RaceLost, Read, Rows, Transaction, Write, sql, write_documents
from omniretail.loyalty.books import Loaded, OrderPoints
from omniretail.loyalty.lot import Account, Day, Hold, Lot, Spending
from omniretail.loyalty.points import Ledger
from omniretail.loyalty.programme import Programme, local_day
from omniretail.loyalty.tiers import Standing, settled, since

_LOCK = sql("loyalty.lock_accounts")
_ACCOUNTS = sql("loyalty.accounts")
_LOTS = sql("loyalty.lots_to_change")
_HOLDS = sql("loyalty.holds_to_change")
_ORDERS = sql("loyalty.orders")
_SPENDINGS = sql("loyalty.spendings")
_DAYS = sql("loyalty.days")
_QUALIFYING = sql("loyalty.qualifying")
_TIERS = sql("loyalty.tiers_of_customers")
_PUT_ACCOUNTS = sql("loyalty.put_accounts")
_PUT_LOTS = sql("loyalty.put_lots")
_ENTER = sql("loyalty.record_entries")
_PUT_HOLDS = sql("loyalty.put_holds")
_RECORD_HOLD_LOTS = sql("loyalty.record_hold_lots")
_PUT_ORDERS = sql("loyalty.put_orders")
_PUT_SPENDINGS = sql("loyalty.put_spendings")
_ADD_DAYS = sql("loyalty.add_days")
_PUT_REVIEWS = sql("loyalty.put_reviews")


class Concerned(msgspec.Struct, frozen=True, kw_only=True):
    """What of loyalty a batch is about: accounts by id, or by the customers they are of.

    `wanted` is how many points are spent of each, at most, by id or customer. `orders` are those that
    earned or spent, of which all may be taken back; `holds` and `lots` are what is named, `days` those
    whose limits count, as moments.
    """

    accounts: Collection[UUID] = ()
    customers: Collection[UUID] = ()
    wanted: Mapping[UUID, int] = {}
    orders: Collection[UUID] = ()
    holds: Collection[UUID] = ()
    lots: Collection[UUID] = ()
    days: Collection[datetime] = ()


async def lock(
    tx: Transaction, concerned: Concerned, programme: Programme | None, *, now: datetime
) -> Ledger:
    """Lock loyalty accounts by id and return them with what of them may matter.

    An account's tier is by the clock, as the programme says. Raises: RaceLost where one was merged
    while we waited for it.
    """
    if not concerned.accounts and not concerned.customers:
        return Ledger(Loaded(), now=now)
    rows = await tx.fetch(_LOCK, sorted(set(concerned.accounts)), sorted(set(concerned.customers)))
    named = {row["named"]: row["id"] for row in rows}
    ids = sorted(set(named.values()))
    if not ids:
        return Ledger(Loaded(), now=now)
    orders = list(concerned.orders)
    days = {local_day(programme, moment) for moment in concerned.days} if programme else set()
    (accounts, unsettled), lots, holds, records, spendings, did, qualifying = await tx.read(
        Read(_ACCOUNTS, (ids, now), _accounts_and_unsettled),
        Read(
            _LOTS,
            (
                ids,
                _by_account(ids, named, concerned.wanted),
                orders,
                list(concerned.lots),
                now,
            ),
            _list_of(Lot),
        ),
        Read(_HOLDS, (ids, list(concerned.holds)), _list_of(Hold)),
        Read(_ORDERS, (orders,), _list_of(OrderPoints)),
        Read(_SPENDINGS, (orders,), _list_of(Spending)),
        Read(_DAYS, (ids, sorted(days)), _list_of(Day)),
        qualifying_of(ids, programme, now=now),
    )
    if any(account.status == "merged" for account in accounts):
        raise RaceLost
    customers = set(concerned.customers)
    loaded = Loaded(
        accounts=tuple(accounts),
        named=named,
        members={who: to for who, to in named.items() if who in customers},
        lots=tuple(lots),
        holds=tuple(holds),
        orders=tuple(records),
        spendings=tuple(spendings),
        days=tuple(did),
        qualifying={UUID(row["account_id"]): row["points"] for row in qualifying},
        unsettled=unsettled,
    )
    ledger = Ledger(loaded, now=now)
    if programme is not None:
        _settle_tiers(ledger, qualifying, programme)
    return ledger


def write(ledger: Ledger, *, now: datetime) -> list[Write]:
    """Return the writes of what was accepted on locked accounts."""
    before = ledger.before
    # What expired on them nobody has booked: the sums are true now, and the job shall come.
    soon = ledger.now + timedelta(microseconds=1)
    accounts = [
        structs.replace(account, steady_until=soon) if account.id in before.unsettled else account
        for account in _changed(ledger.accounts, {one.id: one for one in before.accounts})
    ]
    holds = _changed(ledger.holds, {one.id: one for one in before.holds})
    stood = {one.id for one in before.holds}
    return [
        *write_documents(_PUT_ACCOUNTS, accounts),
        *write_documents(_PUT_LOTS, _changed(ledger.lots, {one.id: one for one in before.lots})),
        *write_documents(_ENTER, ledger.entries, now),
        *write_documents(_PUT_HOLDS, holds),
        *write_documents(
            _RECORD_HOLD_LOTS,
            [
                {"hold_id": hold.id, "lot_id": lot_id, "points": points}
                for hold in holds
                if hold.id not in stood
                for lot_id, points in hold.lots.items()
            ],
        ),
        *write_documents(
            _PUT_ORDERS,
            _changed(ledger.orders, {one.order_id: one for one in before.orders}),
        ),
        *write_documents(
            _PUT_SPENDINGS,
            _changed(
                ledger.spendings,
                {(one.order_id, one.tender_number, one.position): one for one in before.spendings},
            ),
        ),
        *write_documents(_ADD_DAYS, _more(ledger)),
        *write_documents(_PUT_REVIEWS, list(ledger.reviews.values())),
    ]


async def tier_groups(
    tx: Transaction,
    customers: Collection[UUID],
    programme: Programme | None,
    *,
    now: datetime,
) -> dict[UUID, str]:
    """Return the customer group of each customer's tier by the clock, where the tier has one."""
    if programme is None or not customers or not any(t.customer_group for t in programme.tiers):
        return {}
    rows = await tx.fetch(_TIERS, sorted(set(customers)))
    over = sorted({r["account_id"] for r in rows if r["tier_until"] and r["tier_until"] <= now})
    qualifying = await tx.fetch(_QUALIFYING, over, _since(programme, now), now) if over else []
    days = {row["account_id"]: days_of(row["by_day"]) for row in qualifying}
    groups = {}
    for row in rows:
        standing = Standing(tier=row["tier"], until=row["tier_until"])
        standing = settled(programme, standing, days.get(row["account_id"], {}), now)
        tier = programme.tier(standing.tier)
        if tier is not None and tier.customer_group is not None:
            groups[row["customer_id"]] = tier.customer_group
    return groups


def order_points(order_ids: Collection[UUID]) -> Read[list[OrderPoints]]:
    """Return the read of what orders earned and spent, of those that did."""
    return Read(_ORDERS, (list(order_ids),), _list_of(OrderPoints))


def accounts_by_id(account_ids: Collection[UUID], *, now: datetime) -> Read[list[Account]]:
    """Return the read of accounts as they are by the clock, of those that exist."""
    return Read(_ACCOUNTS, (list(account_ids), now), _accounts)


def _accounts(rows: Rows) -> list[Account]:
    return msgspec.convert(rows, list[Account])


def _accounts_and_unsettled(rows: Rows) -> tuple[list[Account], frozenset[UUID]]:
    accounts = _accounts(rows)
    stale = [row["is_stale"] for row in rows]
    return accounts, frozenset(
        account.id for account, is_stale in zip(accounts, stale, strict=True) if is_stale
    )


def _list_of(kind: type[Any]) -> Callable[[Rows], list[Any]]:
    return lambda rows: [msgspec.convert(row, kind, str_keys=True) for row in rows]


def _by_account(
    ids: Collection[UUID], named: Mapping[UUID, UUID], points: Mapping[UUID, int]
) -> list[int]:
    """Return for each account how many points are meant of it, under whatever name."""
    sums = dict.fromkeys(ids, 0)
    for name, some in points.items():
        if name in named:
            sums[named[name]] += some
    return list(sums.values())


def _since(programme: Programme | None, now: datetime) -> date:
    return since(programme, now) if programme is not None else now.date()


def _settle_tiers(ledger: Ledger, qualifying: Rows, programme: Programme) -> None:
    """Have tiers be what they are by the clock: a period's end takes one down, or leaves it."""
    by_day = {UUID(row["account_id"]): days_of(row["by_day"]) for row in qualifying}
    for account in list(ledger.accounts.values()):
        if account.tier_until is None or account.tier_until > ledger.now:
            continue
        ledger.accounts[account.id] = with_tier(
            account, by_day.get(account.id, {}), programme, now=ledger.now
        )


def with_tier(
    account: Account, by_day: Mapping[date, int], programme: Programme, *, now: datetime
) -> Account:
    """Return an account with the tier that it has by the clock, by its qualifying points a day."""
    standing = Standing(tier=account.tier, until=account.tier_until)
    standing = settled(programme, standing, by_day, now)
    return structs.replace(account, tier=standing.tier, tier_until=standing.until)


def qualifying_of(
    account_ids: Collection[UUID], programme: Programme | None, *, now: datetime
) -> Read[Rows]:
    """Return the read of what counts for accounts' tiers: see `qualifying.sql`."""
    return Read(_QUALIFYING, (list(account_ids), _since(programme, now), now), list)


def days_of(told: str | Mapping[str, int] | None) -> dict[date, int]:
    """Return points by day as the database tells them, in text where it was asked alone."""
    if isinstance(told, str):
        told = msgspec.json.decode(told, type=dict[str, int])
    return {date.fromisoformat(day): points for day, points in (told or {}).items()}


def _changed(now: Mapping[Any, Any], before: Mapping[Any, Any]) -> list[Any]:
    return [thing for name, thing in now.items() if before.get(name) != thing]


def _more(ledger: Ledger) -> list[Day]:
    """Return what came to each day."""
    before = {(one.account_id, one.day): one for one in ledger.before.days}
    more = []
    for place, day in ledger.days.items():
        was = before.get(place) or Day(account_id=day.account_id, day=day.day)
        if day != was:
            more.append(
                structs.replace(
                    day,
                    qualifying=day.qualifying - was.qualifying,
                    earned=day.earned - was.earned,
                    redemptions=day.redemptions - was.redemptions,
                )
            )
    return more
