"""Carts merged on login: whose lines count, and that nothing is held twice."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail import carts, clock
from omniretail.carts.lines import changed_lines, located, merged_lines
from tests.callers import Retailer, euro
from tests.carts.carting import (
    ask,
    at,
    begun,
    bought,
    create,
    events,
    find,
    hold,
    hold_for,
    merge,
    merge_of,
    read,
    refusal,
    wants,
)


async def two_carts(retailer: Retailer) -> tuple[Any, Any]:
    """Given 10 of A: Anna's cart holds 2, and what she put together as a guest holds 3 of it, and a B."""
    await retailer.receive("A", S1=10)
    await retailer.receive("B", S1=1)
    target = await begun(retailer.web, at("A", 2), customer="anna", coupons=["hers"])
    guest = await begun(
        retailer.web, at("A", 3), at("B", 1), coupons=["guest", "hers"], note="soon"
    )
    for cart in (target, guest):
        assert (await hold(retailer.web, cart)).status_code == 200
    assert await retailer.level("A", "S1") == (10, 0, 5)
    return target, guest


async def test_merged_on_login_the_sum(retailer: Retailer) -> None:
    """When they are merged, then equal lines are summed and what was held is held once."""
    target, guest = await two_carts(retailer)

    answer = await merge(retailer.web, target, guest)

    assert answer.status_code == 200, answer.text
    merged = answer.json()
    assert merged["id"] == target["id"]
    assert bought(merged) == [("A", 5, 5), ("B", 1, 1)]
    assert (merged["customer"], merged["coupons"]) == ("anna", ["HERS", "GUEST"])
    assert merged["note"] == "soon"
    assert len(merged["hold"]["holds"]) == 2
    assert await retailer.level("A", "S1") == (10, 0, 5)
    assert await retailer.level("B", "S1") == (1, 0, 0)
    gone = await read(retailer.web, guest)
    assert (gone["state"], gone["merged_into"]) == ("merged", target["id"])
    assert (gone["hold"], bought(gone)) == (None, [("A", 3, 0), ("B", 1, 0)])
    assert await events(retailer.web, target) == ["created", "held", "took_over"]
    assert await events(retailer.web, guest) == ["created", "held", "merged"]

    # One hold takes the place of both.
    again = (await hold(retailer.web, merged)).json()
    assert (len(again["hold"]["holds"]), bought(again)) == (1, [("A", 5, 5), ("B", 1, 1)])
    assert await retailer.level("A", "S1") == (10, 0, 5)


async def test_merged_on_login_the_guest_s_lines(retailer: Retailer) -> None:
    """When the guest's lines shall count, then what Anna's old lines held is free again."""
    target, guest = await two_carts(retailer)

    merged = (await merge(retailer.web, target, guest, strategy="keep_guest")).json()

    assert bought(merged) == [("A", 3, 3), ("B", 1, 1)]
    assert merged["coupons"] == ["GUEST", "HERS"]
    assert await retailer.level("A", "S1") == (10, 0, 7)


async def test_merged_on_login_her_own_lines(retailer: Retailer) -> None:
    """When Anna's own lines shall count, then what the guest's held is free again."""
    target, guest = await two_carts(retailer)

    merged = (await merge(retailer.web, target, guest, strategy="keep_target")).json()

    assert (bought(merged), merged["coupons"]) == ([("A", 2, 2)], ["HERS"])
    assert await retailer.level("A", "S1") == (10, 0, 8)
    assert await retailer.level("B", "S1") == (1, 0, 1)


async def test_another_currency_keeps_both(retailer: Retailer) -> None:
    """Given a cart in euro and one in francs, when they shall be one, then both stay as they were."""
    shop = {"name": "swiss", "kind": "web", "currency": "CHF"}
    assert (await retailer.office.put("/v1/channels/swiss", shop)).is_success
    target = await begun(retailer.web, wants("A", 1))
    guest = await begun(retailer.office, wants("B", 1), channel="swiss")

    refused = await merge(retailer.web, target, guest)

    assert refusal(refused) == (409, "cart_currency_differs")
    assert (refused.json()["currency"], refused.json()["other_currency"]) == ("CHF", "EUR")
    assert (await read(retailer.web, target), await read(retailer.web, guest)) == (target, guest)


async def test_merged_is_merged(retailer: Retailer) -> None:
    """When a guest's cart is merged twice, then the same key is answered, and any other refused."""
    target = await begun(retailer.web, wants("A", 1))
    guest = await begun(retailer.web, wants("A", 1))
    other = await begun(retailer.web, wants("B", 1))

    first = await merge(retailer.web, target, guest, key="login")
    again = await merge(retailer.web, target, guest, key="login")
    twice = await merge(retailer.web, target, guest)
    elsewhere = await merge(retailer.web, other, guest)
    into = await merge(retailer.web, guest, other)

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    for refused in (twice, elsewhere, into):
        assert refusal(refused) == (409, "cart_closed")
        assert (refused.json()["state"], refused.json()["merged_into"]) == ("merged", target["id"])
    assert bought(await read(retailer.web, target)) == [("A", 2, 0)]
    assert refusal(await merge(retailer.web, target, target)) == (400, "invalid")
    nobody = {"id": "0198c0de-0000-7000-8000-000000000000"}
    assert refusal(await merge(retailer.web, target, nobody)) == (404, "unknown_cart")


async def test_what_the_target_does_not_say_the_guest_does(retailer: Retailer) -> None:
    more: dict[str, Any] = {"region": "NL", "shipping": {"price": euro(499)}, "note": "ring twice"}
    target = await begun(retailer.web, customer="anna", customer_groups=["gold"])
    guest = await begun(retailer.till, customer="ben", customer_groups=["blue"], **more)

    merged = (await merge(retailer.till, target, guest)).json()

    assert (merged["customer"], merged["customer_groups"]) == ("anna", ["blue", "gold"])
    assert (merged["region"], merged["note"]) == ("NL", "ring twice")
    assert merged["shipping"]["price"] == euro(499)


async def test_merging_makes_nothing_that_a_cart_cannot_be(retailer: Retailer) -> None:
    """Given more units or coupons than a cart can have, then both carts stay, and so do their holds."""
    most = 2**31 - 1
    await retailer.receive("B", S1=2)
    target = await begun(retailer.web, wants("A", most), at("B", 1))
    guest = await begun(retailer.web, wants("A", 1), at("B", 1))
    codes = [f"c{number}" for number in range(20)]
    couponed = await begun(retailer.web, coupons=codes)
    others = await begun(retailer.web, coupons=["another"])
    for cart in (target, guest):
        assert (await hold(retailer.web, cart)).status_code == 200

    assert refusal(await merge(retailer.web, target, guest)) == (409, "cart_too_large")
    refused = await merge(retailer.web, couponed, others)
    assert (refusal(refused), refused.json()["most"]) == ((409, "cart_too_large"), 20)
    assert bought(await read(retailer.web, guest))[1] == ("B", 1, 1)
    assert await retailer.level("B", "S1") == (2, 0, 0)


@pytest.mark.parametrize(
    ("strategy", "lasts"), [("sum", 900), ("keep_guest", 900), ("keep_target", 300)]
)
async def test_what_is_held_lasts_as_the_longer_one(
    retailer: Retailer, strategy: carts.MergeStrategy, lasts: int
) -> None:
    """Given holds of 300 and 900 seconds, when carts are merged, then what stays lasts as the longer."""
    await retailer.receive("A", S1=5)
    start = clock.now()
    target, guest = create(("A", 1)), create(("A", 2))
    await ask(retailer, target, guest, now=start)
    await ask(retailer, hold_for(target.cart_id, 300), hold_for(guest.cart_id, 900), now=start)
    later = start + timedelta(seconds=200)

    await ask(retailer, merge_of(target.cart_id, guest.cart_id, strategy), now=later)

    seen = await find(retailer, target.cart_id, now=later)
    assert {one.expires_at for one in seen.holds} == {later + timedelta(seconds=lasts)}


async def test_what_has_run_out_is_not_merged(retailer: Retailer) -> None:
    """Given a guest whose hold ran out, then its lines come along, and nothing is held for them."""
    await retailer.receive("A", S1=5)
    start = clock.now()
    target, guest = create(("A", 1)), create(("A", 2))
    await ask(retailer, target, guest, now=start)
    await ask(retailer, hold_for(guest.cart_id, 60), now=start)
    later = start + timedelta(seconds=61)

    (merged,) = await ask(retailer, merge_of(target.cart_id, guest.cart_id), now=later)

    assert isinstance(merged, carts.CartNow)
    assert (merged.cart.hold_ids, merged.cart.hold_seconds, merged.holds) == ((), None, ())
    assert [one.quantity for one in merged.cart.lines] == [3]
    assert await retailer.level("A", "S1") == (5, 0, 5)


changes = st.lists(
    st.builds(
        carts.LineChange,
        sku=st.sampled_from("ABC"),
        kind=st.none() | st.sampled_from(["pickup", "ship"]),
        location=st.none() | st.sampled_from(["S1", "S2"]),
        quantity=st.integers(1, 1000),
        more=st.just(True),
    ),
    max_size=12,
)


def made(of: list[carts.LineChange]) -> tuple[carts.CartLine, ...]:
    lines = changed_lines((), of)
    assert isinstance(lines, tuple)
    return lines


def as_one(
    target: tuple[carts.CartLine, ...],
    guest: tuple[carts.CartLine, ...],
    strategy: carts.MergeStrategy = "sum",
) -> tuple[carts.CartLine, ...]:
    lines = merged_lines(target, guest, strategy)
    assert isinstance(lines, tuple)
    return lines


def units(lines: tuple[carts.CartLine, ...]) -> dict[Any, int]:
    assert len({line.sort for line in lines}) == len({line.number for line in lines}) == len(lines)
    return {line.sort: line.quantity for line in lines}


lines = changes.map(made)


@given(target=lines, guest=lines)
def test_a_sum_keeps_every_unit(
    target: tuple[carts.CartLine, ...], guest: tuple[carts.CartLine, ...]
) -> None:
    merged = units(as_one(target, guest))
    for sort, quantity in merged.items():
        assert quantity == units(target).get(sort, 0) + units(guest).get(sort, 0)
    assert merged.keys() == units(target).keys() | units(guest).keys()


@given(target=lines, guest=lines, third=lines)
def test_a_sum_is_the_same_in_any_order(
    target: tuple[carts.CartLine, ...],
    guest: tuple[carts.CartLine, ...],
    third: tuple[carts.CartLine, ...],
) -> None:
    assert units(as_one(target, guest)) == units(as_one(guest, target))
    assert units(as_one(as_one(target, guest), third)) == units(
        as_one(target, as_one(guest, third))
    )


@given(target=lines, guest=lines)
def test_an_empty_guest_changes_nothing(
    target: tuple[carts.CartLine, ...], guest: tuple[carts.CartLine, ...]
) -> None:
    assert as_one(target, ()) == target
    assert as_one(target, guest, "keep_target") == target
    assert as_one(target, guest, "keep_guest") == guest
    # The lines of the target keep their numbers.
    assert [line.number for line in as_one(target, guest)][: len(target)] == [
        line.number for line in target
    ]


@given(some=lines, held=st.dictionaries(st.sampled_from("ABC"), st.integers(0, 2000)))
def test_what_is_held_is_shared_out_among_lines_once(
    some: tuple[carts.CartLine, ...], held: dict[str, int]
) -> None:
    there = located([])
    for sku, quantity in held.items():
        there[sku, "S1"] = quantity
    by_line = carts.held_by_line(some, there)
    for sku, quantity in held.items():
        at_place = [one for one in some if (one.sku, one.location) == (sku, "S1")]
        shared = sum(by_line[one.number] for one in at_place)
        assert shared == min(quantity, sum(one.quantity for one in at_place))
    assert all(0 <= by_line[one.number] <= one.quantity for one in some)
    assert all(by_line[one.number] == 0 for one in some if one.location != "S1")
