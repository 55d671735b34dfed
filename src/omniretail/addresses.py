"""Where parcels go: to a cart as to its order. Pure."""

import msgspec


class ShipTo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where parcels go; coordinates are WGS 84 degrees."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    latitude: float | None = None
    longitude: float | None = None
