"""Reading prices: the book that each process keeps, and what one SKU costs over time."""

from sqlmodel import col, select

from omniretail.db import Read, Transaction, sql
from omniretail.errors import Missing
from omniretail.pricing.book import Book, PriceFrom
from omniretail.pricing.models import Price, PriceList

_CHANGES = sql("pricing.book_changes")
_VERSION = sql("pricing.book_version")


class UnknownPriceList(Missing):
    """There is no such price list."""

    def __init__(self, price_list: str) -> None:
        super().__init__(f"There is no price list {price_list!r}.", price_list=price_list)


class BookKeeper:
    """Keeps one process's copy of the book, and brings it up to date when its version has changed."""

    def __init__(self) -> None:
        self._book = Book(0, {})

    @staticmethod
    def version() -> Read[int]:
        """Return the read of the book's version as committed at this moment."""
        return Read(_VERSION, (), lambda rows: int(rows[0]["version"]))

    async def at(self, tx: Transaction, version: int) -> Book:
        """Return the book of a version (or later); reads only what changed since last time."""
        if version > self._book.version:
            rows = await tx.fetch(_CHANGES, self._book.version)
            changes = [
                (row["currency"], row["sku"], row["valid_from"], row["amount_minor"])
                for row in rows
            ]
            self._book = self._book.with_changes(rows[0]["version"], changes)
        return self._book


async def price_lists(tx: Transaction) -> dict[str, tuple[str, str]]:
    """Return (name, currency) of every price list, by code."""
    rows = await tx.select(select(PriceList.code, PriceList.name, PriceList.currency))
    return {row["code"]: (row["name"], row["currency"]) for row in rows}


async def list_price_lists(tx: Transaction) -> list[tuple[str, str, str]]:
    """Return every price list as (code, name, currency), by code."""
    return sorted((code, *rest) for code, rest in (await price_lists(tx)).items())


async def prices_of_sku(
    tx: Transaction, *, price_list: str, sku: str
) -> tuple[str, list[PriceFrom]]:
    """Return a list's currency, and every price it has had or will have for a SKU, by time.

    Raises: UnknownPriceList.
    """
    lists = await price_lists(tx)
    if price_list not in lists:
        raise UnknownPriceList(price_list)
    rows = await tx.select(
        select(Price.valid_from, Price.amount_minor)
        .where(col(Price.price_list) == price_list, col(Price.sku) == sku)
        .order_by(col(Price.valid_from))
    )
    return lists[price_list][1], [PriceFrom(row["valid_from"], row["amount_minor"]) for row in rows]
