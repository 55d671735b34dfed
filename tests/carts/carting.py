"""What the tests of carts share: beginning one, asking things of it, at a moment of our choosing."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from omniretail import carts, channels
from omniretail.errors import DomainError
from omniretail.idempotency import Answer, Key
from omniretail.ids import new_id
from tests.callers import Caller, Retailer

PATH = "/v1/carts"
OFFICE = channels.Principal(
    id=UUID(int=7),
    kind="integration",
    name="office",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)
Cart = dict[str, Any]


def wants(sku: str, quantity: int, **more: Any) -> dict[str, Any]:
    """A line of a cart on the wire."""
    return {"sku": sku, "quantity": quantity, **more}


def at(sku: str, quantity: int, location: str = "S1") -> dict[str, Any]:
    """A line that is picked up at a location."""
    return wants(sku, quantity, kind="pickup", location=location)


async def begun(caller: Caller, *lines: dict[str, Any], **more: Any) -> Cart:
    """Begin a cart and return it."""
    answer = await caller.post(PATH, {"lines": list(lines), **more})
    assert answer.status_code == 201, answer.text
    cart: Cart = answer.json()
    return cart


async def changed(caller: Caller, cart: Cart, *lines: dict[str, Any], **more: Any) -> Cart:
    """Change a cart and return it."""
    answer = await change(caller, cart, *lines, **more)
    assert answer.status_code == 200, answer.text
    after: Cart = answer.json()
    return after


async def change(caller: Caller, cart: Cart, *lines: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"lines": list(lines), **more}
    return await caller.send("PATCH", f"{PATH}/{cart['id']}", json=body)


async def hold(caller: Caller, cart: Cart, seconds: int = 600) -> httpx.Response:
    return await caller.post(f"{PATH}/{cart['id']}/hold", {"seconds": seconds})


async def merge(
    caller: Caller, target: Cart, guest: Cart, key: str | None = None, **more: Any
) -> httpx.Response:
    return await caller.post(f"{PATH}/{target['id']}/merge", {"from": guest["id"], **more}, key)


async def read(caller: Caller, cart: Cart, **query: Any) -> Cart:
    answer = await caller.get(f"{PATH}/{cart['id']}", **query)
    assert answer.status_code == 200, answer.text
    found: Cart = answer.json()
    return found


async def events(caller: Caller, cart: Cart) -> list[str]:
    """What happened to a cart, first to last."""
    answer = await caller.get(f"{PATH}/{cart['id']}/timeline")
    items = answer.json()["items"]
    assert [event["sequence"] for event in items] == list(range(1, len(items) + 1))
    return [event["type"].removeprefix("cart_") for event in items]


def bought(cart: Cart) -> list[tuple[str, int, int]]:
    """The lines of a cart: SKU, quantity, and how many are held."""
    return [(line["sku"], line["quantity"], line["held"]) for line in cart["lines"]]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def new_key() -> Key:
    return Key(OFFICE.id, str(new_id()), b"hash")


async def ask(
    retailer: Retailer,
    *commands: carts.CreateCart | carts.HoldCart | carts.MergeCarts,
    now: datetime,
) -> list[carts.CartNow | DomainError]:
    """Have a batch of commands judged at a moment of our choosing."""
    outcomes = await retailer.process.ledger.run(
        lambda tx: carts.change_carts(tx, commands, now=now)
    )
    return [one.value if isinstance(one, Answer) else one for one in outcomes]


async def edit(
    retailer: Retailer, *commands: carts.EditCart | carts.ReleaseCart, now: datetime
) -> list[carts.CartNow | DomainError]:
    return await retailer.process.ledger.run(lambda tx: carts.edit_carts(tx, commands, now=now))


async def find(retailer: Retailer, cart_id: UUID, *, now: datetime) -> carts.CartNow:
    async with retailer.process.database.transaction() as tx:
        return await carts.find_cart(tx, cart_id, now=now)


def create(*lines: tuple[str, int], channel: str = "web", location: str = "S1") -> carts.CreateCart:
    return carts.CreateCart(
        key=new_key(),
        principal=OFFICE,
        cart_id=new_id(),
        channel=channel,
        lines=tuple(
            carts.LineChange(sku=sku, quantity=quantity, location=location, more=True)
            for sku, quantity in lines
        ),
    )


def hold_for(cart_id: UUID, seconds: int) -> carts.HoldCart:
    return carts.HoldCart(
        key=new_key(), principal=OFFICE, cart_id=cart_id, hold_id=new_id(), seconds=seconds
    )


def merge_of(target: UUID, guest: UUID, strategy: carts.MergeStrategy = "sum") -> carts.MergeCarts:
    return carts.MergeCarts(
        key=new_key(), principal=OFFICE, cart_id=target, guest_id=guest, strategy=strategy
    )
