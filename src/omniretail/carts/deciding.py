"""What becomes of carts: commands judged one after the other. No I/O; what is held changes in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import catalog, channels, inventory, loyalty, pricing
from omniretail.carts.cart import (
    LASTS,
    MOST_COUPONS,
    Cart,
    CartCurrencyDiffers,
    CartNothingToHold,
    open_cart,
)
from omniretail.carts.commands import (
    CartCommand,
    CreateCart,
    EditCart,
    HoldCart,
    MergeCarts,
    ReleaseCart,
    ShippingWanted,
)
from omniretail.carts.lines import (
    CartTooLarge,
    LineChange,
    changed_lines,
    located,
    merged_lines,
)
from omniretail.carts.store import Step
from omniretail.errors import DomainError, Invalid
from omniretail.ids import spoken_code


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """All that judging a batch needs to know; `carts` are locked, and change as it goes.

    `people` are the customers who are known, of those named by commands or by carts where that matters.
    """

    carts: dict[UUID, Cart]
    channels: Mapping[str, channels.ChannelSpec]
    skus: Mapping[str, catalog.SkuTraits]
    locations: Mapping[str, catalog.LocationSpec]
    holding: inventory.Holding
    people: loyalty.People
    now: datetime


class Decided(msgspec.Struct, frozen=True):
    """What a command led to: the cart it is answered with, and each cart's step."""

    cart_id: UUID
    steps: tuple[Step, ...]


def decide(known: Surroundings, command: CartCommand) -> Decided | DomainError:
    """Judge one command after the ones before it; what is accepted is kept in the surroundings."""
    outcome = _decide(known, command)
    if isinstance(outcome, DomainError):
        return outcome
    for step in outcome:
        known.carts[step.cart.id] = step.cart
    return Decided(command.cart_id, outcome)


def _decide(known: Surroundings, command: CartCommand) -> tuple[Step, ...] | DomainError:
    if isinstance(command, CreateCart):
        return _create(known, command)
    cart = open_cart(known.carts, command.cart_id, now=known.now)
    if isinstance(cart, DomainError):
        return cart
    if isinstance(command, EditCart):
        return _edit(known, command, cart)
    if isinstance(command, HoldCart):
        return _hold(known, command, cart)
    if isinstance(command, ReleaseCart):
        return _release(known, command, cart)
    return _merge(known, command, cart)


def _create(known: Surroundings, command: CreateCart) -> tuple[Step, ...] | DomainError:
    channel = known.channels.get(command.channel)
    if channel is None:
        return channels.UnknownChannel(command.channel)
    lines = changed_lines((), command.lines)
    if isinstance(lines, DomainError):
        return lines
    if refusal := (
        _names_nothing(known, command.lines) or _other_currency(command.shipping, channel.currency)
    ):
        return refusal
    coupons = _coupons(command.coupons)
    if isinstance(coupons, DomainError):
        return coupons
    groups = _groups(known, command.customer, command.customer_groups)
    if isinstance(groups, DomainError):
        return groups
    cart = Cart(
        id=command.cart_id,
        code=spoken_code(),
        channel=channel.code,
        currency=channel.currency,
        customer=known.people.name(command.customer),
        customer_groups=groups,
        region=command.region,
        state="open",
        order_id=None,
        merged_into=None,
        hold_ids=(),
        hold_seconds=None,
        lines=lines,
        coupons=coupons,
        shipping=command.shipping.charge if command.shipping else None,
        ship_to=command.ship_to,
        email=command.email,
        note=command.note,
        version=1,
        created_by=command.principal.id,
        created_at=known.now,
        updated_at=known.now,
        expires_at=known.now + LASTS,
    )
    data = {"code": cart.code, "currency": cart.currency, "lines": len(cart.lines)}
    return (Step.by(command.principal, cart, "cart_created", data),)


def _edit(known: Surroundings, command: EditCart, cart: Cart) -> tuple[Step, ...] | DomainError:
    if command.expected_version not in (None, cart.version):
        assert command.expected_version is not None, "only a version can differ"
        return catalog.StaleVersion(
            code=cart.code, expected=command.expected_version, actual=cart.version
        )
    lines = changed_lines(cart.lines, command.lines)
    if isinstance(lines, DomainError):
        return lines
    if refusal := (
        _names_nothing(known, command.lines) or _other_currency(command.shipping, cart.currency)
    ):
        return refusal
    coupons = _coupons(_given(command.coupons, cart.coupons))
    if isinstance(coupons, DomainError):
        return coupons
    customer = _given(command.customer, cart.customer)
    groups = _groups(
        known,
        customer,
        _given(command.customer_groups, cart.customer_groups),
        said=command.customer_groups is not msgspec.UNSET,
    )
    if isinstance(groups, DomainError):
        return groups
    shipping = command.shipping
    if isinstance(shipping, ShippingWanted):
        charge: pricing.ShippingCharge | None = shipping.charge
    else:
        charge = _given(shipping, cart.shipping)
    after = _next(
        known,
        cart,
        lines=lines,
        customer=known.people.name(customer),
        customer_groups=groups,
        region=_given(command.region, cart.region),
        coupons=coupons,
        shipping=charge,
        ship_to=_given(command.ship_to, cart.ship_to),
        email=_given(command.email, cart.email),
        note=_given(command.note, cart.note),
        hold_ids=_fitting(known, cart.hold_ids, lines, cart.hold_seconds),
    )
    return (Step.by(command.principal, after, "cart_changed", _differences(cart, after)),)


def _hold(known: Surroundings, command: HoldCart, cart: Cart) -> tuple[Step, ...] | DomainError:
    wanted = located(cart.lines)
    if not wanted:
        return CartNothingToHold(cart.id)
    hold = known.holding.replace(
        cart.hold_ids,
        inventory.WantedHold(
            hold_id=command.hold_id,
            principal=command.principal,
            channel=holding_channel(command, cart),
            reference=cart.code,
            lines=tuple(
                inventory.HoldWish(sku=sku, location=location, quantity=quantity)
                for (sku, location), quantity in wanted.items()
            ),
            seconds=command.seconds,
        ),
    )
    if isinstance(hold, DomainError):
        return hold
    after = _next(known, cart, hold_ids=(hold.id,), hold_seconds=command.seconds)
    data = {"hold": str(hold.id), "seconds": command.seconds}
    return (Step.by(command.principal, after, "cart_held", data),)


def _release(known: Surroundings, command: ReleaseCart, cart: Cart) -> tuple[Step, ...]:
    live = known.holding.live(cart.hold_ids)
    if not live:
        return ()
    known.holding.release(live)
    after = _next(known, cart, hold_ids=(), hold_seconds=None)
    data = {"holds": [str(hold_id) for hold_id in live]}
    return (Step.by(command.principal, after, "cart_released", data),)


def _merge(known: Surroundings, command: MergeCarts, cart: Cart) -> tuple[Step, ...] | DomainError:
    guest = open_cart(known.carts, command.guest_id, now=known.now)
    if isinstance(guest, DomainError):
        return guest
    if guest.id == cart.id:
        return Invalid.at("/from", "A cart is not merged with itself")
    if guest.currency != cart.currency:
        return CartCurrencyDiffers(guest.id, currency=guest.currency, other=cart.currency)
    lines = merged_lines(cart.lines, guest.lines, command.strategy)
    if isinstance(lines, DomainError):
        return lines
    coupons = _coupons(
        {
            "sum": cart.coupons + guest.coupons,
            "keep_guest": guest.coupons,
            "keep_target": cart.coupons,
        }[command.strategy]
    )
    if isinstance(coupons, DomainError):
        return coupons
    # What was held for lines that are dropped is free again; the rest has another owner from now on.
    dropped = {"sum": (), "keep_guest": cart.hold_ids, "keep_target": guest.hold_ids}
    known.holding.release(dropped[command.strategy])
    owned = known.holding.live(cart.hold_ids + guest.hold_ids)
    seconds = max(
        (one.hold_seconds or 0 for one in (cart, guest) if known.holding.live(one.hold_ids)),
        default=None,
    )
    customer = cart.customer or guest.customer
    after = _next(
        known,
        cart,
        lines=lines,
        coupons=coupons,
        customer=known.people.name(customer),
        customer_groups=()
        if known.people.knows(customer)
        else tuple(sorted({*cart.customer_groups, *guest.customer_groups})),
        region=cart.region or guest.region,
        shipping=cart.shipping or guest.shipping,
        ship_to=cart.ship_to or guest.ship_to,
        email=cart.email or guest.email,
        note=cart.note or guest.note,
        hold_ids=_fitting(known, owned, lines, seconds),
        hold_seconds=seconds,
    )
    merged = _next(
        known, guest, state="merged", merged_into=cart.id, hold_ids=(), hold_seconds=None
    )
    who = command.principal
    taken = {"from": str(guest.id), "strategy": command.strategy}
    return (
        Step.by(who, after, "cart_took_over", taken | _differences(cart, after)),
        Step.by(who, merged, "cart_merged", {"into": str(cart.id)}),
    )


def holding_channel(command: HoldCart, cart: Cart) -> str:
    """Return the channel that a cart's hold counts for: that of who asks, else the cart's own."""
    return command.principal.channel or cart.channel


def _fitting(
    known: Surroundings, own: Sequence[UUID], lines: Sequence[Any], seconds: int | None
) -> tuple[UUID, ...]:
    """Let a cart's holds hold no more than its lines want, and last anew; return those it keeps."""
    if not known.holding.live(own):
        return tuple(own)
    kept = known.holding.shrink(own, located(lines))
    assert seconds is not None, "whoever held goods said for how long"
    known.holding.extend(kept, known.now + timedelta(seconds=seconds))
    return kept


def _next(known: Surroundings, cart: Cart, **changes: Any) -> Cart:
    """Return a cart after one more event."""
    return replace(
        cart,
        version=cart.version + 1,
        updated_at=known.now,
        expires_at=known.now + LASTS,
        **changes,
    )


def _names_nothing(known: Surroundings, changes: Sequence[LineChange]) -> DomainError | None:
    """Return why a line cannot come in: its SKU is unknown or blocked, or its location unknown."""
    for change in changes:
        if change.sku is None or not change.brings_in:
            continue
        if change.sku not in known.skus:
            return catalog.UnknownSku(change.sku)
        if known.skus[change.sku].status != "active":
            return catalog.SkuNotSold(change.sku)
        if change.location is not None and change.location not in known.locations:
            return catalog.UnknownLocation(change.location)
    return None


def _other_currency(
    shipping: ShippingWanted | msgspec.UnsetType | None, currency: str
) -> Invalid | None:
    if isinstance(shipping, ShippingWanted) and shipping.currency != currency:
        return Invalid.at("/shipping/price/currency", f"The cart is in {currency}")
    return None


def _coupons(given: Sequence[str]) -> tuple[str, ...] | CartTooLarge:
    coupons = tuple(dict.fromkeys(map(pricing.coupon_code, given)))
    if len(coupons) > MOST_COUPONS:
        return CartTooLarge(most=MOST_COUPONS, what="coupons")
    return coupons


def _groups(
    known: Surroundings, customer: str | None, groups: Sequence[str], *, said: bool = True
) -> tuple[str, ...] | Invalid:
    """Return the groups that a cart keeps: those that are said of a customer who is not known.

    A known one's are looked up whenever the cart is priced; others are refused where they are `said`.
    """
    if said and (refusal := known.people.refusal(customer, groups)):
        return refusal
    return () if known.people.knows(customer) else tuple(sorted(set(groups)))


def _given(value: Any, present: Any) -> Any:
    return present if value is msgspec.UNSET else value


def _differences(before: Cart, after: Cart) -> dict[str, Any]:
    """Return what the timeline says of a change: each part that differs, as it is now.

    Of the lines those that differ; one that is gone has a quantity of 0. Of the addresses only whether
    there is one: a timeline is for good, and where somebody lives or gets mail is not.
    """
    told = ("customer", "customer_groups", "region", "coupons", "shipping", "note")
    differences = {
        name: msgspec.to_builtins(getattr(after, name))
        for name in told
        if getattr(after, name) != getattr(before, name)
    }
    for name in ("ship_to", "email"):
        if getattr(after, name) != getattr(before, name):
            differences[name] = getattr(after, name) is not None
    stays = {line.number for line in after.lines}
    gone = [replace(line, quantity=0) for line in before.lines if line.number not in stays]
    lines = [line for line in after.lines if line not in before.lines]
    return differences | ({"lines": msgspec.to_builtins(gone + lines)} if gone or lines else {})
