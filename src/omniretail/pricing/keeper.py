"""Keeping one process's copy of the price book: reading what changed when its version has moved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from omniretail.db import Read, Rows, Transaction, sql
from omniretail.pricing.book import Book, Changes, Currency, PriceChange, TaxRate
from omniretail.pricing.lists import PriceFrom, PriceList
from omniretail.pricing.promotion import Coupon, Promotion
from omniretail.pricing.signing import SigningKey, SigningKeys

_VERSION = sql("pricing.book_version")
_LISTS = sql("pricing.lists_since")
_PRICES = sql("pricing.prices_since")
_PROMOTIONS = sql("pricing.promotions_since")
_COUPONS = sql("pricing.coupons_since")
_TAX_RATES = sql("pricing.tax_rates_since")
_CURRENCIES = sql("pricing.currencies_since")
_SIGNING_KEYS = sql("pricing.signing_keys_since")
_LOCK_BOOK = sql("pricing.lock_book")
_MOVE_BOOK = sql("pricing.move_book")

Kind = TypeVar("Kind")


class BookKeeper:
    """One process's book, and the keys that its quotes are signed with."""

    def __init__(self) -> None:
        self._book = Book(version=-1)
        self._keys: Mapping[str, SigningKey] = {}

    @property
    def keys(self) -> SigningKeys:
        """The keys as of the book."""
        return SigningKeys(self._keys)

    @staticmethod
    def version() -> Read[int]:
        """Return the read of the book's version as committed at this moment."""
        return Read(_VERSION, (), lambda rows: int(rows[0]["version"]))

    async def at(self, tx: Transaction, version: int) -> Book:
        """Return the book of a version (or later); reads only what changed since last time.

        All of it is read in one statement, so that it is the book of one moment.
        """
        if version > self._book.version:
            since = (self._book.version,)
            found, lists, prices, promotions, coupons, tax_rates, currencies, keys = await tx.read(
                self.version(),
                Read(_LISTS, since, _converted(list[PriceList])),
                Read(_PRICES, since, _prices),
                Read(_PROMOTIONS, since, _documents(Promotion)),
                Read(_COUPONS, since, _documents(Coupon)),
                Read(_TAX_RATES, since, _converted(list[TaxRate])),
                Read(_CURRENCIES, since, _converted(list[Currency])),
                Read(_SIGNING_KEYS, since, _keys),
            )
            changes = Changes(
                lists=lists,
                prices=prices,
                promotions=promotions,
                coupons=coupons,
                tax_rates=tax_rates,
                currencies=currencies,
            )
            # Another batch may have brought it further while this one was reading.
            if found > self._book.version:
                if since[0] == self._book.version:
                    self._book = self._book.with_changes(found, changes)
                    self._keys = {**self._keys, **keys}
                else:
                    return await self.at(tx, version)
        return self._book


async def next_version(tx: Transaction) -> int:
    """Lock the book and give it its next version; what is written as of it belongs to it.

    Whoever changes the book waits here, so that versions commit in their order.
    """
    version = int((await tx.fetch(_LOCK_BOOK))[0]["version"]) + 1
    await tx.execute(_MOVE_BOOK, version)
    return version


def _prices(rows: Rows) -> list[PriceChange]:
    moments: dict[str, datetime] = {}  # most prices begin at few moments
    changes = []
    for row in rows:
        moment = moments.get(row["f"])
        if moment is None:
            moment = moments[row["f"]] = msgspec.convert(row["f"], datetime)
        tiers = tuple((least, amount) for least, amount in row["t"] or ())
        changes.append(PriceChange(row["l"], row["s"], PriceFrom(moment, row["a"], tiers)))
    return changes


def _documents(kind: type[Kind]) -> Any:
    return lambda rows: [msgspec.convert(row["document"], kind) for row in rows]


def _converted(kind: type[Kind]) -> Any:
    return lambda rows: msgspec.convert(rows, kind)


def _keys(rows: Rows) -> dict[str, SigningKey]:
    return {
        row["id"]: SigningKey(
            id=row["id"],
            private_key=_bytes(row["private_key"]),
            public_key=_bytes(row["public_key"]),
            created_at=msgspec.convert(row["created_at"], datetime),
            retired_at=msgspec.convert(row["retired_at"], datetime | None),
        )
        for row in rows
    }


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))
