"""What planning needs to know, read at once and without locks, and used up as a batch is planned."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from omniretail import catalog
from omniretail.db import Read, Rows, Transaction, sql
from omniretail.ids import first_id
from omniretail.sourcing.asking import Ask, Plan
from omniretail.sourcing.places import Places
from omniretail.sourcing.plan import make_plan
from omniretail.sourcing.policy import SourcingPolicy

_CANDIDATES = sql("sourcing.candidates")
_PROMISABLE = sql("sourcing.promisable")

Units: TypeAlias = dict[str, dict[str, int]]
"""How many units may be promised, by SKU and location; none where there is no figure."""


class Candidates(msgspec.Struct, frozen=True):
    """All locations by code, and how many more fulfillments those with a daily capacity may get."""

    locations: Mapping[str, catalog.LocationSpec]
    room: Mapping[str, int]


class Survey:
    """The locations and what they may promise; what is planned is taken, and the next plan sees less.

    Nothing of it is locked: whoever takes the goods must judge again under locks, and where a plan
    turns out to be too good, plan again by what is locked.
    """

    def __init__(self, candidates: Candidates, units: Units) -> None:
        self.locations = candidates.locations
        self.places = Places(candidates.locations.values())
        self.room = dict(candidates.room)
        self._units = units

    def available(self, sku: str, location: str) -> int:
        """Return how many units of a SKU may still be promised at a location."""
        at = self._units.get(sku)
        return 0 if at is None else at.get(location, 0)

    def plan(self, ask: Ask, policy: SourcingPolicy, *, explain: bool = False) -> Plan:
        """Return who serves an ask, by what has not been taken yet."""
        return make_plan(ask, self.places, self.available, policy, room=self.room, explain=explain)

    def take(self, ask: Ask, plan: Plan) -> None:
        """Note that a plan is carried out: what it takes is there no more for the next."""
        for location, lines in plan.parts.items():
            if ask.kind != "pickup" and location in self.room:
                self.room[location] -= 1
            for position, quantity in lines:
                for sku, each in ask.lines[position].parts.items():
                    at = self._units.setdefault(sku, {})
                    at[location] = at.get(location, 0) - each * quantity


def candidates(*, now: datetime) -> Read[Candidates]:
    """Return the read of all locations, and of what those with a daily capacity have left of it."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Read(_CANDIDATES, (first_id(day),), _candidates)


def promisable(skus: Collection[str]) -> Read[Units]:
    """Return the read of what may be promised of `skus`, and of the components of kits among them."""
    return Read(_PROMISABLE, (list(skus),), lambda rows: {row["sku"]: row["units"] for row in rows})


async def survey(tx: Transaction, skus: Collection[str], *, now: datetime) -> Survey:
    """Return what planning for `skus` needs. Locks: none."""
    return Survey(*await tx.read(candidates(now=now), promisable(skus)))


def _candidates(rows: Rows) -> Candidates:
    return Candidates(
        {row["code"]: msgspec.convert(row, catalog.LocationSpec) for row in rows},
        {row["code"]: row["room"] for row in rows if row["room"] is not None},
    )
