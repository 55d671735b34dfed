"""What holds of every basket, whatever its promotions: sums, order, the best choice, one price, quotes."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from omniretail.pricing import (
    Amount,
    Basket,
    BasketLine,
    Book,
    Bundle,
    BuyXGetY,
    Changes,
    Coupon,
    Currency,
    FixedPrice,
    Gift,
    Hours,
    Percent,
    PriceChange,
    PricedBasket,
    PriceFrom,
    PriceList,
    Promotion,
    Quote,
    Scope,
    Shipping,
    ShippingCharge,
    Shopper,
    Step,
    Threshold,
    read_quote,
    signed_quote,
)
from omniretail.pricing.signing import SigningKeys, new_key
from tests.pricing.books import LONG_AGO, NOON, at_price, basket, priced, shelf
from tests.properties.best_promotions import Order, every_outcome, outcome

SKUS = "ABCD"
RATES = {"standard": 200_000, "reduced": 70_000, "zero": 0}

# Small amounts, so that rounding bites; and shares that make halves.
amounts = st.integers(0, 30)
rates = st.sampled_from([0, 1000, 50_000, 100_000, 150_000, 250_000, 333_333]) | st.sampled_from(
    [500_000, 666_667, 700_000, 900_000, 950_000, 1_000_000]
)
levels = st.sampled_from(["line", "order"])
skus = st.sampled_from(SKUS)
few = st.integers(1, 3)
named = st.frozensets(skus, max_size=3)
limits = st.none() | st.none() | st.integers(1, 5)
steps = st.builds(
    Step,
    minimum_minor=st.integers(0, 60),
    rate_ppm=st.just(0) | rates,
    amount_minor=st.just(0) | st.integers(0, 10),
)
actions = st.one_of(
    st.builds(Percent, rate_ppm=rates, level=levels),
    st.builds(Amount, amount_minor=st.integers(0, 20), level=levels),
    st.builds(FixedPrice, amount_minor=st.integers(0, 12)),
    st.builds(BuyXGetY, buy=few, get=st.integers(1, 2), rate_ppm=rates),
    st.builds(
        Bundle, parts=st.dictionaries(skus, few, min_size=1, max_size=2), amount_minor=amounts
    ),
    st.builds(Threshold, steps=st.lists(steps, min_size=1, max_size=2).map(tuple)),
    st.builds(Gift, sku=skus, quantity=st.integers(1, 2)),
    st.builds(Shipping, rate_ppm=rates, amount_minor=st.integers(0, 10)),
)
prices = st.fixed_dictionaries(dict.fromkeys(SKUS, amounts))
wishes = st.lists(st.tuples(skus, st.integers(1, 4)), min_size=1, max_size=4)
charges = st.none() | st.builds(
    ShippingCharge, amount_minor=amounts, tax_class=st.sampled_from(sorted(RATES))
)


@st.composite
def offers(draw: st.DrawFn, most: int = 7) -> list[Promotion]:
    """Promotions of every kind that get in each other's way."""
    found = []
    for number in range(draw(st.integers(0, most))):
        action = draw(actions)
        found.append(
            Promotion(
                code=f"P{number}",
                name=f"P{number}",
                action=action,
                priority=draw(st.integers(0, 2)),
                stackable=draw(st.integers(0, 9)) > 0,
                exclusive_group=draw(st.sampled_from([None, None, None, "g", "h"])),
                stop=draw(st.integers(0, 9)) == 0,
                skus=frozenset() if isinstance(action, Shipping) else draw(named),
                minimum_minor=draw(st.just(0) | st.just(0) | st.integers(0, 60)),
                most_per_basket=draw(limits),
            )
        )
    return found


currencies = st.builds(
    Currency,
    code=st.just("EUR"),
    exponent=st.just(2),
    rounding=st.sampled_from(["half_up", "half_down", "half_even"]),
    tax_per=st.sampled_from(["line", "unit"]),
)


@st.composite
def taxed_baskets(draw: st.DrawFn) -> Basket:
    """A basket with lines of several tax classes, some at a price of their own."""
    classes = draw(st.fixed_dictionaries({sku: st.sampled_from(sorted(RATES)) for sku in SKUS}))
    lines = [
        BasketLine(
            sku,
            quantity,
            own_price_minor=draw(st.none() | st.none() | amounts),
            tax_class=classes[sku],
        )
        for sku, quantity in draw(wishes)
    ]
    return basket(*lines, shipping=draw(charges))


def _order(
    found: dict[str, int], lines: Sequence[tuple[str, int]], charge: ShippingCharge | None
) -> Order:
    # The engine judges lines by SKU; so the odd cent goes to the same line in both.
    lines = sorted(lines)
    return Order(
        tuple(sku for sku, _ in lines),
        tuple(quantity for _, quantity in lines),
        tuple(found[sku] * quantity for sku, quantity in lines),
        None if charge is None else charge.amount_minor,
    )


def _saved(found: PricedBasket) -> int:
    return sum(one.amount_minor for one in found.promotions)


@given(prices, taxed_baskets(), offers(), currencies, st.booleans())
def test_everything_sums_up_and_nothing_is_negative(
    at: dict[str, int], what: Basket, promotions: list[Promotion], kept: Currency, included: bool
) -> None:
    book = shelf(at, *promotions, kept=kept, rates=RATES, tax_included=included)

    found = priced(book, what)

    charged = list(found.charges)
    assert sum(line.total_minor for line in charged) == found.total_minor
    assert sum(line.tax_minor for line in charged) == sum(row.tax_minor for row in found.tax)
    assert sum(line.net_minor for line in charged) == sum(row.net_minor for row in found.tax)
    off: Counter[str] = Counter()
    for line in charged:
        assert min(line.net_minor, line.tax_minor, line.total_minor) >= 0
        assert line.net_minor + line.tax_minor == line.total_minor
        for discount in line.discounts:
            assert discount.amount_minor > 0
            off[discount.promotion] += discount.amount_minor
    assert off == {one.promotion: one.amount_minor for one in found.promotions}
    quantities = [*(line.quantity for line in what.lines), 1]
    for line, quantity in zip(charged, quantities, strict=False):
        left = line.unit_price_minor * quantity - sum(one.amount_minor for one in line.discounts)
        assert left == (line.total_minor if line.tax_included else line.net_minor)
    for wish, line in zip(what.lines, found.lines, strict=True):
        assert wish.own_price_minor is None or line.discounts == ()
    _no_floats(msgspec.to_builtins(found))


def _no_floats(thing: object) -> None:
    assert not isinstance(thing, float)
    if isinstance(thing, dict):
        _no_floats(list(thing.values()))
    elif isinstance(thing, list | tuple):
        for part in thing:
            _no_floats(part)


@given(prices, taxed_baskets(), offers(), currencies, st.booleans(), st.randoms())
def test_the_order_of_lines_never_changes_what_is_paid(
    at: dict[str, int],
    what: Basket,
    promotions: list[Promotion],
    kept: Currency,
    included: bool,
    random: Any,
) -> None:
    """Neither the total, nor what is paid for all of a SKU; nor does the order of promotions."""
    lines, shuffled = list(what.lines), list(promotions)
    random.shuffle(lines)
    random.shuffle(shuffled)
    terms: dict[str, Any] = {"kept": kept, "rates": RATES, "tax_included": included}

    one = priced(shelf(at, *promotions, **terms), what)
    other = priced(shelf(at, *shuffled, **terms), msgspec.structs.replace(what, lines=tuple(lines)))

    assert one.total_minor == other.total_minor
    assert one.tax == other.tax
    assert one.promotions == other.promotions
    assert _by_sku(what.lines, one) == _by_sku(lines, other)


def _by_sku(lines: Sequence[BasketLine], found: PricedBasket) -> Counter[str]:
    paid: Counter[str] = Counter()
    for line, result in zip(lines, found.lines, strict=True):
        paid[line.sku] += result.total_minor
    return paid


@given(prices, wishes, charges, offers())
def test_the_promotions_applied_are_the_best_of_all_sets(
    at: dict[str, int],
    lines: list[tuple[str, int]],
    charge: ShippingCharge | None,
    promotions: list[Promotion],
) -> None:
    """Nobody finds a set that saves more; and nothing was applied that makes no difference."""
    found = priced(shelf(at, *promotions), basket(*lines, shipping=charge))
    order = _order(at, lines, charge)

    best = max(one.saved for one in every_outcome(order, promotions))

    assert found.search == "exact"
    assert _saved(found) == best
    taken = [one.promotion for one in found.promotions]
    chosen = [promotion for promotion in promotions if promotion.code in taken]
    assert outcome(order, chosen) == (best, tuple(taken))
    for promotion in chosen:
        without = [other for other in chosen if other is not promotion]
        assert outcome(order, without).saved < best


@given(prices, wishes, charges, offers(most=10))
def test_another_promotion_never_makes_a_basket_dearer(
    at: dict[str, int],
    lines: list[tuple[str, int]],
    charge: ShippingCharge | None,
    promotions: list[Promotion],
) -> None:
    what = basket(*lines, shipping=charge)

    found = [priced(shelf(at, *promotions[:n]), what) for n in range(len(promotions) + 1)]

    assume(all(one.search == "exact" for one in found))
    paid = [one.total_minor for one in found]
    assert paid == sorted(paid, reverse=True)


shoppers = st.builds(
    Shopper,
    channel=st.sampled_from(["web", "till", "app"]),
    location=st.sampled_from([None, "S1", "S2"]),
    customer=st.sampled_from([None, "anna"]),
    customer_groups=st.frozensets(st.sampled_from(["gold", "staff"])),
)
scopes = st.builds(
    Scope,
    customer=st.sampled_from([None, "anna"]),
    customer_group=st.sampled_from([None, "gold"]),
    channel=st.sampled_from([None, None, "web"]),
    location=st.sampled_from([None, None, "S1"]),
)
lists = st.lists(
    st.tuples(
        scopes, st.integers(0, 2), st.fixed_dictionaries({}, optional=dict.fromkeys(SKUS, amounts))
    ),
    max_size=4,
)


@given(prices, lists, offers(most=4), wishes, shoppers, shoppers, st.data())
def test_a_customer_pays_the_same_everywhere_but_for_a_named_override(
    at: dict[str, int],
    scoped: list[tuple[Scope, int, dict[str, int]]],
    promotions: list[Promotion],
    lines: list[tuple[str, int]],
    here: Shopper,
    there: Shopper,
    data: st.DataObject,
) -> None:
    """Where two places differ, a list or a promotion that was applied, or was not, says so of itself."""
    there = msgspec.structs.replace(
        there, customer=here.customer, customer_groups=here.customer_groups
    )
    places = st.sampled_from([frozenset[str](), frozenset({"web"})])
    promotions = [msgspec.structs.replace(one, channels=data.draw(places)) for one in promotions]
    overrides = [
        PriceList(code=f"L{n}", name="L", currency="EUR", priority=priority, scope=scope)
        for n, (scope, priority, _) in enumerate(scoped)
    ]
    listed = [
        at_price(f"L{n}", sku, amount)
        for n, (_, _, own) in enumerate(scoped)
        for sku, amount in own.items()
    ]
    book = shelf(at, *promotions, lists=overrides, listed=listed)

    one = priced(book, basket(*lines, shopper=here), explain=True)
    other = priced(book, basket(*lines, shopper=there), explain=True)

    if one.total_minor != other.total_minor:
        spoken = {line.price_list for line in (*one.lines, *other.lines)}
        by_list = any(book.lists[code].scope.differs_by_channel for code in spoken if code)
        refused = {
            reason.promotion
            for reason in (*one.not_applied, *other.not_applied)
            if reason.reason == "other_channel"
        }
        assert by_list or any(book.promotions[code].differs_by_channel for code in refused)


@given(prices, prices, offers(most=4), offers(most=4), taxed_baskets(), currencies)
def test_a_quote_stands_to_the_cent_whatever_becomes_of_the_book(
    before: dict[str, int],
    after: dict[str, int],
    promotions: list[Promotion],
    later: list[Promotion],
    what: Basket,
    kept: Currency,
) -> None:
    """Given a signed quote, when prices, promotions and rounding change, then it says what it said."""
    keys = SigningKeys({"k": msgspec.structs.replace(_KEY, id="k")})
    book = shelf(before, *promotions, kept=kept, rates=RATES)
    quote = Quote(
        id=UUID(int=1),
        issued_at=NOON,
        expires_at=NOON + timedelta(minutes=30),
        basket=what,
        priced=priced(book, what),
        price_reasons=(None,) * len(what.lines),
    )
    token = signed_quote(quote, keys)
    changed = book.with_changes(2, _changes(after, later, kept))

    assert read_quote(token, keys) == quote
    # Whoever keeps the book of the quote's version comes to the same; the new one is another.
    assert priced(book, read_quote(token, keys).basket) == quote.priced
    assert priced(changed, what).book_version != quote.priced.book_version


def _changes(at: dict[str, int], promotions: list[Promotion], kept: Currency) -> Changes:
    rounding = "half_up" if kept.rounding == "half_even" else "half_even"
    return Changes(
        prices=[at_price("retail", sku, amount) for sku, amount in at.items()],
        promotions=promotions,
        currencies=[msgspec.structs.replace(kept, rounding=rounding)],
    )


_KEY = new_key(now=NOON)

moments = st.integers(-1000, 1000).map(lambda minutes: NOON + timedelta(minutes=minutes))
changes = st.lists(
    st.builds(
        PriceChange, st.just("retail"), skus, st.builds(PriceFrom, moments, st.none() | amounts)
    ),
    max_size=30,
)


def _cost(book: Book, sku: str, at: datetime) -> int | None:
    found = book.listed(sku, 1, at, book.lists_for("EUR", Shopper(), at))
    return None if found is None else found.amount_minor


@given(changes, changes, moments)
def test_changing_the_book_step_by_step_or_at_once_is_the_same(
    first: list[PriceChange], then: list[PriceChange], at: datetime
) -> None:
    stepwise = shelf({}, listed=first).with_changes(2, Changes(prices=then))
    at_once = shelf({}, listed=[*first, *then])

    assert stepwise.prices == at_once.prices
    assert [_cost(stepwise, sku, at) for sku in SKUS] == [_cost(at_once, sku, at) for sku in SKUS]


@given(changes, moments)
def test_the_price_is_that_of_the_latest_step_begun(steps: list[PriceChange], at: datetime) -> None:
    begun = {
        change.step.valid_from: change.step.amount_minor
        for change in steps
        if change.sku == "A" and change.step.valid_from <= at
    }

    assert _cost(shelf({}, listed=steps), "A", at) == (begun[max(begun)] if begun else None)


zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Jakarta"])
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@given(
    zones, clocks, clocks, st.frozensets(st.integers(1, 7), min_size=1), st.integers(0, 366 * 48)
)
def test_hours_hold_by_the_clock_on_the_wall(
    zone: str, since: time, until: time, days: frozenset[int], halves: int
) -> None:
    """Half an hour later the clock may show anything; what it shows is what counts."""
    hours = Hours(time_zone=zone, since=since, until=until, days=tuple(sorted(days)))
    at = LONG_AGO + timedelta(minutes=30 * halves)

    shown = at.astimezone(ZoneInfo(zone))

    wanted = shown.isoweekday() in days and since <= shown.time() < until
    assert hours.hold_at(at) == hours.hold_at(at.astimezone(UTC)) == wanted


@given(st.integers(0, 20), st.data())
def test_a_coupon_only_promotion_saves_nothing_without_its_coupon(
    count: int, data: st.DataObject
) -> None:
    promotion = Promotion(
        code="P", name="P", action=Percent(rate_ppm=data.draw(rates)), coupon_only=True
    )
    book = shelf({"A": 100}, promotion, coupons=[Coupon(code="C", promotion="P")])

    without = priced(book, basket(("A", count + 1)))
    with_it = priced(book, basket(("A", count + 1), coupons=("C",)))

    assert without.promotions == ()
    assert with_it.total_minor <= without.total_minor
