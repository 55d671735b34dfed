"""The lines of a cart: changing them, and merging those of two carts. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from omniretail.errors import Missing, Refused

LineKind = Literal["carry_out", "pickup", "ship", "ship_to_store"]
MergeStrategy = Literal["sum", "keep_guest", "keep_target"]
Sort: TypeAlias = tuple[str, LineKind | None, str | None]
"""What makes two lines equal: the SKU, how it shall leave, and where."""

MOST_LINES = 500
_MOST_QUANTITY = 2**31 - 1


class UnknownCartLine(Missing):
    """The cart has no such line."""

    def __init__(self, line: int) -> None:
        super().__init__(f"The cart has no line {line}.", line=line)


class CartTooLarge(Refused):
    """The cart would hold more than a cart can."""

    def __init__(self, *, most: int, what: str) -> None:
        super().__init__(f"A cart has at most {most} {what}.", most=most)


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of a SKU; how it shall leave and where may stay open until the order."""

    number: int
    sku: str
    quantity: int
    kind: LineKind | None = None
    location: str | None = None

    @property
    def sort(self) -> Sort:
        """What makes it equal to another line."""
        return self.sku, self.kind, self.location


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    """A line shall have so many units, or so many more; a line without any is removed.

    It is named by its number, or by what makes it equal to another; one that is not there comes in.
    """

    number: int | None = None
    sku: str | None = None
    kind: LineKind | None = None
    location: str | None = None
    quantity: int
    more: bool = False

    @property
    def brings_in(self) -> bool:
        """Tell whether the line may be a new one."""
        return self.number is None and self.quantity > 0


def changed_lines(
    lines: Sequence[CartLine], changes: Iterable[LineChange]
) -> tuple[CartLine, ...] | UnknownCartLine | CartTooLarge:
    """Return the lines after changes, one after the other; lines keep their numbers.

    Outcomes: the lines; UnknownCartLine; CartTooLarge.
    """
    after = {line.number: line for line in lines}
    numbers = {line.sort: line.number for line in lines}
    last = max(after, default=0)
    for change in changes:
        if change.number is not None:
            number = change.number
            if number not in after:
                return UnknownCartLine(number)
        else:
            assert change.sku is not None, "a line is named by its number or its SKU"
            sort = change.sku, change.kind, change.location
            if sort not in numbers:
                last = numbers[sort] = last + 1
            number = numbers[sort]
            if number not in after:
                sku, kind, location = sort
                after[number] = CartLine(
                    number=number, sku=sku, quantity=0, kind=kind, location=location
                )
        line = after[number]
        after[number] = replace(line, quantity=change.quantity + change.more * line.quantity)
        if after[number].quantity > _MOST_QUANTITY:
            return CartTooLarge(most=_MOST_QUANTITY, what="units on a line")
        if not after[number].quantity:
            del after[number]
    if len(after) > MOST_LINES:
        return CartTooLarge(most=MOST_LINES, what="lines")
    return tuple(after.values())


def merged_lines(
    target: Sequence[CartLine], guest: Sequence[CartLine], strategy: MergeStrategy
) -> tuple[CartLine, ...] | CartTooLarge:
    """Return the lines of two carts as one: the sum of equal ones, or those of one cart alone.

    Outcomes: the lines; CartTooLarge.
    """
    if strategy == "keep_target":
        return tuple(target)
    if strategy == "keep_guest":
        return tuple(guest)
    merged = changed_lines(
        target,
        [
            LineChange(
                sku=line.sku,
                kind=line.kind,
                location=line.location,
                quantity=line.quantity,
                more=True,
            )
            for line in guest
        ],
    )
    assert not isinstance(merged, UnknownCartLine), "no line is named by its number"
    return merged


def located(lines: Iterable[CartLine]) -> Counter[tuple[str, str]]:
    """Return how many of each SKU the lines want at each location that they name."""
    wanted = Counter[tuple[str, str]]()
    for line in lines:
        if line.location is not None:
            wanted[line.sku, line.location] += line.quantity
    return wanted


def held_by_line(lines: Iterable[CartLine], held: Counter[tuple[str, str]]) -> dict[int, int]:
    """Return how many units of each line, by number, are held of so many at each place."""
    left = Counter(held)
    by_line: dict[int, int] = {}
    for line in lines:
        units = min(line.quantity, left[line.sku, line.location or ""])
        left[line.sku, line.location or ""] -= units
        by_line[line.number] = units
    return by_line
