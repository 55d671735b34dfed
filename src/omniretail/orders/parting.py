"""Taking lines, or units of them, from one fulfillment to others: all amounts stay what they are. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from omniretail.ids import new_id
from omniretail.orders.order import Fulfillment, Order, OrderLine, Pickup


def set_apart(line: OrderLine, units: int, last: int) -> tuple[list[OrderLine], OrderLine, int]:
    """Return what stays of a line, so many of its open units as a line of their own, and the last number.

    `last` is the number of the order's last line so far. What is gone and what was fulfilled become
    lines of their own as well, so that what each comes to is the same before and after. The line that
    parcels and returns name stays the one that has the fulfilled units.
    """
    assert 0 < units <= line.open_quantity, "open units are set apart"
    stays: list[OrderLine] = []
    if line.gone_quantity:
        last += 1
        gone, rest = line.divided(line.gone_quantity, last)
        stays.append(replace(gone, number=last, part_of=rest.part_of))
        line = replace(rest, number=line.number, part_of=line.part_of)
    if line.fulfilled_quantity:
        last += 1
        sent, line = line.divided(line.fulfilled_quantity, last)
        stays.append(sent)
    if units < line.quantity:
        last += 1
        kept, line = line.divided(line.quantity - units, last)
        stays.append(kept)
    return stays, line, last


def parted(
    part: Fulfillment, units: Mapping[int, int], last: int
) -> tuple[list[OrderLine], list[OrderLine], int]:
    """Return the lines that stay with a fulfillment, those that leave it, and the last number."""
    stays: list[OrderLine] = []
    leaves: list[OrderLine] = []
    for line in part.lines:
        if not units.get(line.number):
            stays.append(line)
            continue
        kept, moved, last = set_apart(line, units[line.number], last)
        stays += kept
        leaves.append(moved)
    return stays, leaves, last


def dealt(
    lines: Sequence[OrderLine], route: Mapping[str, Sequence[tuple[int, int]]], last: int
) -> tuple[dict[str, list[OrderLine]], int]:
    """Return the lines that each location of a route gets, divided where several serve one.

    Also the last number. Nothing of the lines was fulfilled or cancelled, and the route serves all.
    """
    left = dict(enumerate(lines))
    served: dict[str, list[OrderLine]] = {}
    for location, units in sorted(route.items()):
        for at, quantity in units:
            line = left[at]
            if quantity < line.quantity:
                last += 1
                line, left[at] = line.divided(quantity, last)
            served.setdefault(location, []).append(line)
    return served, last


def moved_to(
    order: Order, part: Fulfillment, served: Mapping[str, Sequence[OrderLine]]
) -> Iterator[Fulfillment]:
    """Yield the fulfillments that serve lines of another one from elsewhere.

    What holds that one up holds these up. What the store of collection has itself needs no shipping.
    """
    number = max(one.number for one in order.fulfillments)
    collector = part.pickup.collector if part.pickup else None
    for location, lines in sorted(served.items()):
        number += 1
        store = None if part.kind == "ship" else part.collected_at
        sent = store is not None and location != store
        yield Fulfillment(
            id=new_id(),
            number=number,
            kind="ship" if store is None else "ship_to_store" if sent else "pickup",
            location=location,
            source=location if sent else None,
            destination=store if sent else None,
            lines=tuple(lines),
            attempt=part.attempt + 1,
            holds=part.holds,
            pickup=Pickup(collector=collector) if collector else None,
        )


def left_behind(
    part: Fulfillment, stays: Sequence[OrderLine], rest: Sequence[OrderLine], number: int
) -> list[Fulfillment]:
    """Return what becomes of a fulfillment when units were taken from it.

    `rest` are those of them that nobody serves: they are promised nowhere. Where something else
    stays as well, they are a fulfillment of their own, with the number given.
    """
    over = replace(part, collect_by=None, remind_at=None, holds=())
    if part.state == "rejected" or not stays:
        lines = (*stays, *rest)
        return [replace(over, state="rejected", lines=lines, holds=part.holds if rest else ())]
    kept = replace(part, lines=tuple(stays))
    if not kept.is_open:
        fulfilled = any(line.fulfilled_quantity for line in stays)
        gone = "shipped" if part.kind == "ship" else "handed_over"
        kept = replace(over, lines=tuple(stays), state=gone if fulfilled else "cancelled")
    if not rest:
        return [kept]
    apart = replace(
        over,
        id=new_id(),
        number=number,
        state="rejected",
        lines=tuple(rest),
        holds=part.holds,
        parcels=(),
    )
    return [kept, apart]
