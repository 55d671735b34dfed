"""Who is meant by what callers call customers, and the groups that their prices go by.

It is here, since the group of somebody's tier is among them; every room that prices asks it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from omniretail import customers
from omniretail.db import Transaction
from omniretail.errors import Invalid
from omniretail.loyalty.programme import Programmes
from omniretail.loyalty.programmes import programmes
from omniretail.loyalty.store import tier_groups


class People(msgspec.Struct, frozen=True, kw_only=True):
    """The customers who are known among those that callers name.

    `ids` says the id of each by what callers call them; `groups`, by that id, the groups that their
    prices go by, that of their loyalty tier among them. Who is not known is whom the caller says, with
    the groups that the caller says.
    """

    ids: Mapping[str, str] = {}
    groups: Mapping[str, frozenset[str]] = {}

    def name(self, customer: str | None) -> str | None:
        """Return under what a customer is kept: the id where they are known, else as they are called."""
        return None if customer is None else self.ids.get(customer, customer)

    def knows(self, customer: str | None) -> bool:
        """Tell whether a customer is known."""
        return customer is not None and customer in self.ids

    def groups_of(self, customer: str | None, said: Collection[str]) -> frozenset[str]:
        """Return a customer's groups: their own where they are known, else those that are said."""
        return self.groups.get(self.ids.get(customer or "", ""), frozenset(said))

    def refusal(self, customer: str | None, said: Collection[str]) -> Invalid | None:
        """Return why a customer cannot be priced by the groups that are said, or None."""
        if unknown := set(said) - self.groups_of(customer, said):
            return Invalid.at(
                "/customer_groups",
                f"The customer is known, and not in {', '.join(sorted(unknown))}",
            )
        return None


async def read_people(
    tx: Transaction,
    references: Collection[str],
    *,
    now: datetime,
    earliest: datetime | None = None,
) -> tuple[People, Programmes]:
    """Return those whom references name, and the programme's versions from `earliest` on, else from now.

    A reference is a customer's id, an external id or a loyalty card. Locks: none.
    """
    versions, known = await tx.read(
        programmes(min(now, earliest or now)), customers.customers_by_reference(references)
    )
    tiers = await tier_groups(
        tx, [one.id for one in known.values()], versions.in_force(now), now=now
    )
    return People(
        ids={reference: str(one.id) for reference, one in known.items()},
        groups={
            str(one.id): one.groups | {tiers[one.id]} if one.id in tiers else one.groups
            for one in known.values()
        },
    ), versions


async def people(tx: Transaction, references: Collection[str | None], *, now: datetime) -> People:
    """Return those whom references name; None names nobody. Asks nobody about none."""
    named = {reference for reference in references if reference is not None}
    return (await read_people(tx, named, now=now))[0] if named else People()
