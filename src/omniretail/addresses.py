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

    @property
    def point(self) -> tuple[float, float] | None:
        """Its latitude and longitude, where both are known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude
