"""Kits: what a SKU that is sold as one is made of, and what it cannot be made of."""

from collections.abc import Mapping, Sequence

import msgspec

from omniretail.catalog.traits import SkuTraits
from omniretail.errors import DomainError, Invalid, Refused

MOST_COMPONENTS = 50
MOST_UNITS = 10_000


class ComponentIsKit(Refused):
    """A kit is made of plain SKUs only."""

    def __init__(self, *, kit: str, component: str) -> None:
        super().__init__(
            f"{component} is a kit itself and cannot be a component of {kit}.",
            sku=kit,
            component=component,
        )


class Component(msgspec.Struct, frozen=True):
    """How many units of a SKU make one of the kit."""

    sku: str
    quantity: int


def fault(
    kit: str, components: Sequence[Component], known: Mapping[str, SkuTraits]
) -> DomainError | None:
    """Say what is wrong with a kit's components, if anything, given the SKUs that exist."""
    if len(components) > MOST_COMPONENTS:
        return Invalid.at("/components", f"A kit has at most {MOST_COMPONENTS} components")
    seen: set[str] = set()
    for position, component in enumerate(components):
        pointer = f"/components/{position}"
        if not 1 <= component.quantity <= MOST_UNITS:
            return Invalid.at(f"{pointer}/quantity", f"A kit has 1 to {MOST_UNITS:,} units of each")
        if component.sku in seen:
            return Invalid.at(f"{pointer}/sku", f"{component.sku} is a component already")
        seen.add(component.sku)
        traits = known.get(component.sku)
        if traits is None:
            return Invalid.at(f"{pointer}/sku", f"There is no SKU {component.sku!r}")
        if traits.components is not None:
            return ComponentIsKit(kit=kit, component=component.sku)
    return None
