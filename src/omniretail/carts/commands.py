"""What may be asked of a cart. Each says which carts it is about, and who asks."""

from typing import TypeAlias
from uuid import UUID

import msgspec

from omniretail import channels, idempotency, pricing
from omniretail.addresses import ShipTo
from omniretail.carts.lines import LineChange, MergeStrategy


class ShippingWanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for shipping, before promotions, and in which currency."""

    charge: pricing.ShippingCharge
    currency: str


class CreateCart(msgspec.Struct, frozen=True, kw_only=True):
    """The command to begin a cart in a channel; equal lines become one."""

    key: idempotency.Key
    principal: channels.Principal
    cart_id: UUID
    channel: str
    lines: tuple[LineChange, ...] = ()
    customer: str | None = None
    customer_groups: tuple[str, ...] = ()
    region: str | None = None
    coupons: tuple[str, ...] = ()
    shipping: ShippingWanted | None = None
    ship_to: ShipTo | None = None
    email: str | None = None
    note: str | None = None

    @property
    def cart_ids(self) -> frozenset[UUID]:
        """The carts that it is about."""
        return frozenset({self.cart_id})


class EditCart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The command to change a cart; what is UNSET stays. Without any change it is a sign of life."""

    principal: channels.Principal
    cart_id: UUID
    expected_version: int | None = None
    lines: tuple[LineChange, ...] = ()
    customer: str | msgspec.UnsetType | None = msgspec.UNSET
    customer_groups: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    region: str | msgspec.UnsetType | None = msgspec.UNSET
    coupons: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    shipping: ShippingWanted | msgspec.UnsetType | None = msgspec.UNSET
    ship_to: ShipTo | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def cart_ids(self) -> frozenset[UUID]:
        """The carts that it is about."""
        return frozenset({self.cart_id})


class HoldCart(msgspec.Struct, frozen=True, kw_only=True):
    """The command to hold for `seconds` what the lines want at the locations they name, and no more."""

    key: idempotency.Key
    principal: channels.Principal
    cart_id: UUID
    hold_id: UUID
    seconds: int

    @property
    def cart_ids(self) -> frozenset[UUID]:
        """The carts that it is about."""
        return frozenset({self.cart_id})


class ReleaseCart(msgspec.Struct, frozen=True, kw_only=True):
    """The command to release what a cart holds."""

    principal: channels.Principal
    cart_id: UUID

    @property
    def cart_ids(self) -> frozenset[UUID]:
        """The carts that it is about."""
        return frozenset({self.cart_id})


class MergeCarts(msgspec.Struct, frozen=True, kw_only=True):
    """The command to make two carts one: the guest's becomes part of the target."""

    key: idempotency.Key
    principal: channels.Principal
    cart_id: UUID
    guest_id: UUID
    strategy: MergeStrategy = "sum"

    @property
    def cart_ids(self) -> frozenset[UUID]:
        """The carts that it is about."""
        return frozenset({self.cart_id, self.guest_id})


CartCommand: TypeAlias = CreateCart | EditCart | HoldCart | ReleaseCart | MergeCarts
