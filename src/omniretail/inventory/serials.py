"""Serial numbers: one name for each single unit, of the SKUs that say so. Pure."""

from typing import Literal

import msgspec

from omniretail.errors import Invalid, Refused

SerialState = Literal["on_hand", "gone"]


class SerialsMissing(Invalid):
    """Each unit of this SKU needs its serial number, once."""

    def __init__(self, sku: str, quantity: int) -> None:
        super().__init__(
            f"Name {quantity} different serial numbers of {sku}.", sku=sku, quantity=quantity
        )


class SerialsNotTracked(Invalid):
    """The SKU is not tracked by serial number."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is not tracked by serial number.", sku=sku)


class SerialGone(Refused):
    """The unit with this serial number has left already."""

    def __init__(self, sku: str, serial: str) -> None:
        super().__init__(f"{sku} {serial} has left already.", sku=sku, serial=serial)


class SerialOnHand(Refused):
    """The unit with this serial number is in stock already."""

    def __init__(self, sku: str, serial: str) -> None:
        super().__init__(f"{sku} {serial} is in stock already.", sku=sku, serial=serial)


class Serial(msgspec.Struct, frozen=True):
    """Where one unit is: on hand at a location, or gone."""

    state: SerialState
    location: str | None
