"""A day of the demo retailer: orders of every channel, brought to every state that there is.

Each order is a story: who placed it, how long ago, and what happened to it since.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from omniretail import carts, channels, orders, payments, pricing
from omniretail.db import Transaction
from omniretail.demo import club
from omniretail.demo.outcomes import all_good
from omniretail.idempotency import Key
from omniretail.ids import new_id

Principals: TypeAlias = Mapping[str, channels.Principal]
Step: TypeAlias = Callable[["Told"], orders.Command]
"""What happens to an order next."""

GIFT_CARD = "DEMO-GIFT-2026-0001"
"""The code of a gift card that has money left."""
_UNIT_MINOR = {
    "TEE": 1990,
    "HOOD": 5990,
    "JEANS": 7990,
    "SOCKS": 990,
    "MUG": 1290,
    "BAG": 1490,
    "CAP": 2190,
    "LAMP": 4490,
}
_MUNICH = orders.ShipTo(
    name="Mara Huber",
    street="Sendlinger Straße 8",
    city="München",
    postal_code="80331",
    country="DE",
    latitude=48.1351,
    longitude=11.5689,
)


class Story(NamedTuple):
    """An order, how many hours ago it was placed, and the steps that it has taken.

    `card` is the number of the customer's loyalty card; `points` pay a cent each, before the rest is
    paid, and a `reward` takes something off for points.
    """

    who: Literal["terminal", "channel"]
    kind: orders.FulfillmentKind
    location: str | None
    sku: str
    quantity: int
    hours_ago: float
    steps: Sequence[Step] = ()
    pays: Literal["cash", "card", "gift_card", "awaited"] = "card"
    destination: str | None = None
    card: int | None = None
    points: int = 0
    reward: bool = False


class Told(NamedTuple):
    """An order as its story has brought it so far, and the next moment of it."""

    order: orders.Order
    number: int
    at: datetime
    principals: Principals

    @property
    def part(self) -> orders.Fulfillment:
        """Its only fulfillment."""
        return self.order.fulfillments[0]

    def key(self, step: str) -> Key:
        """Return the key of a step."""
        return Key(self.by.id, f"demo-{self.number}-{step}-{self.order.version}", b"")

    @property
    def by(self) -> channels.Principal:
        """Who works everywhere."""
        return self.principals["integration"]


async def load(tx: Transaction, principals: Principals, now: datetime) -> list[orders.Order]:
    """Place the day's orders, tell their stories to this moment, and leave carts open.

    Return the orders as they stand then.
    """
    await _gift_card(tx, principals["integration"], now)
    books = pricing.BookKeeper()
    placed = all_good(
        await orders.place(
            tx,
            [
                _order(number, story, principals, now)
                for number, story in enumerate(_STORIES, start=1)
            ],
            books=books,
            now=now,
        )
    )
    told = {number: answer.value for number, answer in enumerate(placed, start=1)}
    for position in range(max(len(story.steps) for story in _STORIES)):
        commands = [
            story.steps[position](
                Told(told[number], number, _moment(story, position, now), principals)
            )
            for number, story in enumerate(_STORIES, start=1)
            if position < len(story.steps)
        ]
        numbers = [
            number for number, story in enumerate(_STORIES, start=1) if position < len(story.steps)
        ]
        changed = all_good(await orders.change(tx, commands, now=now))
        told |= {number: answer.value for number, answer in zip(numbers, changed, strict=True)}
    await _carts(tx, principals, now)
    return list(told.values())


def _moment(story: Story, position: int, now: datetime) -> datetime:
    """Return when a story's step happened: they are spread over the time since the order."""
    hours = story.hours_ago * (len(story.steps) - position) / (len(story.steps) + 1)
    return now - timedelta(hours=hours)


def _order(number: int, story: Story, principals: Principals, now: datetime) -> orders.PlaceOrder:
    principal = principals[story.who]
    amount = _UNIT_MINOR[story.sku.partition("-")[0]] * story.quantity
    amount -= club.REWARD_MINOR if story.reward else 0
    by_points = orders.TenderGiven(type="points", amount_minor=story.points, currency="EUR")
    tender = orders.TenderGiven(
        type="bank_transfer" if story.pays == "awaited" else story.pays,
        amount_minor=amount - story.points,
        currency="EUR",
        reference=f"demo-payment-{number}" if story.pays == "card" else None,
        account=GIFT_CARD if story.pays == "gift_card" else None,
        awaited=story.pays == "awaited",
    )
    return orders.PlaceOrder(
        key=Key(principal.id, f"demo-order-{number}", b""),
        order_id=new_id(),
        principal=principal,
        channel="pos" if story.who == "terminal" else "web",
        location="AMS" if story.who == "terminal" else None,
        placed_at=now - timedelta(hours=story.hours_ago),
        fulfillments=(
            orders.FulfillmentWish(
                id=new_id(),
                kind=story.kind,
                location=story.location,
                destination=story.destination,
                lines=(orders.LineWish(sku=story.sku, quantity=story.quantity),),
            ),
        ),
        tenders=(by_points, tender) if story.points else (tender,),
        customer=None if story.card is None else club.card(story.card),
        reward=club.REWARD if story.reward else None,
        ship_to=_MUNICH if story.kind == "ship" else None,
    )


def _advance(
    step: Literal["picking", "packing", "delivery", "arrival", "readiness"],
) -> Step:
    def command(told: Told) -> orders.Command:
        return orders.Advance(
            key=told.key(step),
            principal=told.by,
            fulfillment_id=told.part.id,
            step=step,
            occurred_at=told.at,
        )

    return command


def _leave(step: Literal["handover", "shipment"], *lines: tuple[int, int]) -> Step:
    def command(told: Told) -> orders.Command:
        return orders.Fulfill(
            key=told.key(step),
            principal=told.by,
            fulfillment_id=told.part.id,
            step=step,
            quantities=dict(lines),
            occurred_at=told.at,
            tracking=orders.Tracking(carrier="DHL", number=f"00340434{told.number:012}"),
            proof=orders.Proof(
                name="Ada", signature_reference=f"demo-signature-{told.number}", without_code=True
            ),
        )

    return command


def _cancel(*lines: tuple[int, int]) -> Step:
    def command(told: Told) -> orders.Command:
        return orders.Cancel(
            key=told.key("cancellation"),
            principal=told.by,
            order_id=told.order.id,
            reason="changed their mind",
            quantities=dict(lines),
            occurred_at=told.at,
        )

    return command


def _hold_up(reason: orders.HoldReason) -> Step:
    def command(told: Told) -> orders.Command:
        return orders.HoldUp(
            key=told.key("hold"),
            principal=told.by,
            fulfillment_id=told.part.id,
            hold_id=new_id(),
            reason=reason,
            occurred_at=told.at,
        )

    return command


def _reject(reason: orders.RejectionReason) -> Step:
    def command(told: Told) -> orders.Command:
        return orders.Reject(
            key=told.key("rejection"),
            principal=told.by,
            fulfillment_id=told.part.id,
            reason=reason,
            quantities={},
            occurred_at=told.at,
        )

    return command


def _no_show(told: Told) -> orders.Command:
    return orders.NoShow(
        key=told.key("no-show"),
        principal=told.by,
        fulfillment_id=told.part.id,
        occurred_at=told.part.collect_by or told.at,
    )


def _waits_outside(told: Told) -> orders.Command:
    return orders.ChangePickup(
        key=told.key("curbside"),
        principal=told.by,
        fulfillment_id=told.part.id,
        step="curbside",
        occurred_at=told.at,
        spot="bay 3, blue van",
    )


_PICKING, _PACKING = _advance("picking"), _advance("packing")
_ARRIVAL, _READY, _DELIVERY = _advance("arrival"), _advance("readiness"), _advance("delivery")
_SHIPPED, _HANDED_OVER = _leave("shipment"), _leave("handover")

_STORIES: tuple[Story, ...] = (
    # Over the counter.
    Story("terminal", "carry_out", "AMS", "TEE-BLA-M", 2, 7.5, pays="cash", card=1),
    Story("terminal", "carry_out", "AMS", "MUG-RED-S", 1, 6.2, pays="cash"),
    Story("terminal", "carry_out", "AMS", "CAP-BLU-M", 1, 3.1, card=7, points=190),
    Story("terminal", "carry_out", "AMS", "BAG-GRE-L", 1, 1.4, pays="gift_card"),
    # The till sells what another location ships.
    Story("terminal", "ship", None, "LAMP-GRE-M", 1, 5.0, [_PICKING]),
    # Shipped.
    Story("channel", "ship", "WH", "LAMP-WHI-M", 3, 8.0, [_PICKING, _PACKING, _SHIPPED], card=5),
    Story("channel", "ship", "WH", "SOCKS-RED-S", 6, 2.0, card=11, points=500),
    Story("channel", "ship", None, "HOOD-SAN-M", 1, 1.0),
    Story("channel", "ship", "WH", "JEANS-BLU-L", 1, 4.0, [_PICKING, _PACKING]),
    Story("channel", "ship", "WH", "TEE-WHI-L", 2, 30.0, [_SHIPPED, _DELIVERY], card=2),
    Story("channel", "ship", "AMS", "SOCKS-GRE-M", 3, 6.0, [_leave("shipment", (1, 1))]),
    Story("channel", "ship", "WH", "BAG-SAN-L", 2, 7.0, [_cancel()], card=12, points=300),
    Story("channel", "ship", "WH", "MUG-WHI-L", 4, 26.0, [_cancel((1, 1)), _SHIPPED]),
    Story("channel", "ship", "WH", "JEANS-RED-M", 1, 3.0, [_hold_up("fraud_review")]),
    Story("channel", "ship", "WH", "LAMP-RED-L", 1, 2.5, pays="awaited"),
    # So many at once make a gold customer, and somebody looks at the points.
    Story("channel", "ship", "WH", "JEANS-GRE-L", 4, 3.6, [_PACKING, _SHIPPED], card=17),
    # Rejected by a store: found damaged, and sent from elsewhere; not found, and nobody else has as many.
    Story("channel", "ship", "BER", "MUG-SAN-M", 1, 2.8, [_reject("damaged")]),
    Story("channel", "ship", "WH", "LAMP-GRE-XL", 90, 6.5, [_reject("not_in_stock")]),
    # Collected in a store.
    Story("channel", "pickup", "BER", "JEANS-BLA-M", 2, 0.5, card=23, reward=True),
    Story("channel", "pickup", "AMS", "CAP-RED-L", 1, 1.2, [_PICKING], pays="gift_card"),
    Story("channel", "pickup", "AMS", "HOOD-BLU-L", 1, 4.5, [_PICKING, _READY]),
    Story("channel", "pickup", "PAR", "BAG-BLU-M", 1, 5.5, [_PICKING, _READY, _waits_outside]),
    Story("channel", "pickup", "AMS", "TEE-GRE-S", 2, 20.0, [_READY, _HANDED_OVER]),
    Story("channel", "pickup", "VIE", "SOCKS-BLA-L", 3, 22.0, [_READY, _leave("handover", (1, 2))]),
    Story("channel", "pickup", "BER", "MUG-GRE-M", 1, 160.0, [_READY, _no_show]),
    Story("channel", "pickup", "PAR", "CAP-WHI-S", 1, 3.3, [_cancel()]),
    # Sent to the store that hands them over.
    Story("channel", "ship_to_store", "WH", "LAMP-BLU-M", 1, 9.0, [_SHIPPED], destination="VIE"),
    Story(
        *("channel", "ship_to_store", "WH", "HOOD-BLA-M", 1, 28.0),
        steps=[_SHIPPED, _ARRIVAL],
        destination="PAR",
    ),
    Story(
        *("channel", "ship_to_store", "WH", "HOOD-RED-S", 1, 40.0),
        steps=[_PACKING, _SHIPPED, _ARRIVAL, _READY],
        destination="BER",
    ),
)


async def _gift_card(tx: Transaction, principal: channels.Principal, now: datetime) -> None:
    issue = payments.IssueAccount(
        key=Key(principal.id, "demo-gift-card", b""),
        principal=principal,
        account_id=new_id(),
        code=GIFT_CARD,
        amount_minor=10_000,
        currency="EUR",
        customer=None,
        expires_at=None,
    )
    all_good(await payments.change_accounts(tx, [issue], now=now))


async def _carts(tx: Transaction, principals: Principals, now: datetime) -> None:
    """Leave two carts open: one begun on the web, one suspended at the till."""
    wishes: tuple[tuple[str, str, carts.LineChange], ...] = (
        ("channel", "web", carts.LineChange(sku="HOOD-BLU-M", quantity=1, kind="ship")),
        (
            "terminal",
            "pos",
            carts.LineChange(sku="CAP-SAN-M", quantity=3, kind="pickup", location="AMS"),
        ),
    )
    commands = [_cart(principals[who], channel, line) for who, channel, line in wishes]
    all_good(await carts.change_carts(tx, commands, now=now))


def _cart(principal: channels.Principal, channel: str, line: carts.LineChange) -> carts.CreateCart:
    return carts.CreateCart(
        key=Key(principal.id, f"demo-cart-{channel}", b""),
        cart_id=new_id(),
        principal=principal,
        channel=channel,
        lines=(line,),
    )
