"""Sales of all kinds for the properties of returns: what was sold, what it cost, and how it was paid."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from omniretail import payments, pricing
from omniretail.ids import new_id
from omniretail.money import Rounding, split, to_step
from omniretail.orders import Fulfillment, FulfillmentKind, Order, OrderLine, Tender, TenderType
from omniretail.orders.paying import change_accounts
from omniretail.orders.settlement import due_minor, taken
from omniretail.returns import REFUND_METHODS, TENDER_TYPES, ReturnPolicy
from tests.pricing.books import NOON

STAFF, CUSTOMER = new_id(), str(new_id())
KIT = {"A": 2, "B": 1}
PLACES: dict[FulfillmentKind, str] = {"carry_out": "S1", "pickup": "S2", "ship": "WH"}
RATES = (200_000, 0, 55_000, 1_000_000)
_PAID_OUT: tuple[TenderType, ...] = ("cash", "store_credit", "bank_transfer")


@dataclass(frozen=True)
class Sold:
    """A line: what a unit cost, what was taken off all of them, and how it reaches the customer."""

    sku: str
    quantity: int
    unit_minor: int
    off_minor: int
    rate_ppm: int
    kind: FulfillmentKind


@dataclass(frozen=True)
class Sale:
    """What was sold and how it is paid: by each tender the share of its weight."""

    sold: list[Sold]
    tax_included: bool
    tax_per: pricing.TaxPer
    rounding: Rounding
    shipping_minor: int | None
    tenders: list[tuple[TenderType, int]]
    transfers_are_awaited: bool
    cash_step_minor: int
    customer: str | None


quantities = st.integers(1, 8)
sold = st.builds(
    Sold,
    sku=st.sampled_from("ABK"),
    quantity=quantities,
    unit_minor=st.sampled_from([0, 1, 99, 2390]) | st.integers(0, 5_000),
    off_minor=st.integers(0, 20),
    rate_ppm=st.sampled_from(RATES),
    kind=st.sampled_from(tuple(PLACES)),
)
sales = st.builds(
    Sale,
    sold=st.lists(sold, min_size=1, max_size=5),
    tax_included=st.booleans(),
    tax_per=st.sampled_from(["line", "unit"]),
    rounding=st.sampled_from(["half_up", "half_down", "half_even"]),
    shipping_minor=st.none() | st.integers(0, 999),
    tenders=st.lists(
        st.tuples(st.sampled_from([*TENDER_TYPES, "card"]), st.integers(1, 9)),
        min_size=1,
        max_size=4,
    ),
    transfers_are_awaited=st.booleans(),
    cash_step_minor=st.sampled_from([1, 5, 100]),
    customer=st.sampled_from([CUSTOMER, None]),
)


@st.composite
def _matrices(draw: st.DrawFn) -> dict[TenderType, tuple[TenderType, ...]]:
    ways = st.sampled_from(_PAID_OUT)
    return {
        purchase: tuple(
            draw(st.lists(ways | st.just(purchase), min_size=1, max_size=3, unique=True))
        )
        for purchase in draw(st.lists(st.sampled_from(TENDER_TYPES), unique=True, max_size=3))
    }


policies = st.builds(
    ReturnPolicy,
    channel=st.just("web"),
    refund_by=st.sampled_from(["original_shares", "priority"]),
    priority=st.lists(st.sampled_from(TENDER_TYPES), unique=True, max_size=3).map(tuple),
    refund_methods=st.just(dict(REFUND_METHODS)) | _matrices(),
    approval=st.sampled_from(["staff", "automatic"]),
    refund_shipping=st.booleans(),
    claims_keep_goods=st.booleans(),
)


def placed(sale: Sale, accounts: payments.Accounts) -> Order:
    """The order of a sale: what was carried out has left, and what is due for it is taken."""
    lines = [_line(sale, number, one) for number, one in enumerate(sale.sold, start=1)]
    shipping = _shipping(sale)
    total = sum(line.total_minor for line in lines) + (shipping.total_minor if shipping else 0)
    order = Order(
        id=new_id(),
        number="1",
        channel="web",
        location=None,
        currency="EUR",
        total_minor=total,
        book_version=1,
        placed_by=STAFF,
        placed_at=NOON,
        version=1,
        fulfillments=tuple(
            Fulfillment(
                id=new_id(),
                number=number,
                kind=kind,
                location=PLACES[kind],
                state="handed_over" if kind == "carry_out" else "allocated",
                lines=tuple(
                    line for line, one in zip(lines, sale.sold, strict=True) if one.kind == kind
                ),
            )
            for number, kind in enumerate(sorted({one.kind for one in sale.sold}), start=1)
        ),
        tenders=tuple(_tenders(sale, total, accounts)),
        customer=sale.customer,
        coupons=("TEN",),
        rounding=sale.rounding,
        tax_per=sale.tax_per,
        shipping=shipping,
    )
    for tender in order.tenders:
        if tender.account_id:
            source = payments.EntrySource(actor_id=STAFF, occurred_at=NOON)
            amount = tender.amount_minor
            assert not accounts.hold(tender.account_id, amount, "EUR", source, now=NOON)
    paid = replace(order, tenders=taken(order.tenders, due_minor(order)))
    change_accounts(accounts, None, paid, STAFF, now=NOON)
    return paid


def _line(sale: Sale, number: int, one: Sold) -> OrderLine:
    off = min(one.off_minor, one.unit_minor * one.quantity)
    parts = pricing.taxed(
        one.unit_minor * one.quantity - off,
        one.rate_ppm,
        included=sale.tax_included,
        rounding=sale.rounding,
        per=sale.tax_per,
        quantity=one.quantity,
    )
    return OrderLine(
        number=number,
        sku=one.sku,
        quantity=one.quantity,
        list_price_minor=one.unit_minor,
        unit_price_minor=one.unit_minor,
        price_reason=None,
        total_minor=parts.total_minor,
        tax_minor=parts.tax_minor,
        tax_included=sale.tax_included,
        tax_rate_ppm=one.rate_ppm,
        discounts=(pricing.Discount("TEN-OFF", off, "TEN"),) if off else (),
        components=KIT if one.sku == "K" else None,
        fulfilled_quantity=one.quantity if one.kind == "carry_out" else 0,
    )


def _shipping(sale: Sale) -> pricing.PricedLine | None:
    if sale.shipping_minor is None:
        return None
    parts = pricing.taxed(sale.shipping_minor, 200_000, included=True, rounding=sale.rounding)
    return pricing.PricedLine(
        list_price_minor=sale.shipping_minor,
        price_list=None,
        unit_price_minor=sale.shipping_minor,
        tax_class="standard",
        tax_included=True,
        tax_rate_ppm=200_000,
        net_minor=parts.net_minor,
        tax_minor=parts.tax_minor,
        total_minor=parts.total_minor,
    )


def _tenders(sale: Sale, total: int, accounts: payments.Accounts) -> list[Tender]:
    shares = split(total, [weight for _, weight in sale.tenders])
    numbers, found = count(1), []
    for (kind, _), share in zip(sale.tenders, shares, strict=True):
        if not share:
            continue
        amount, more = share, dict[str, Any]()
        if kind == "cash" and to_step(share, sale.cash_step_minor):
            amount = to_step(share, sale.cash_step_minor)
            more = {"rounding_minor": amount - share, "cash_step_minor": sale.cash_step_minor}
        elif kind in {"card", "ewallet", "cash"}:
            # Less than the smallest coin is paid by card.
            kind = "card" if kind == "cash" else kind  # noqa: PLW2901
            more = {"payment_id": new_id(), "uncaptured_minor": amount}
        elif kind == "bank_transfer":
            more = {"uncaptured_minor": amount if sale.transfers_are_awaited else 0}
        elif kind == "points":
            more = {"points": amount}
        else:
            more = {"account_id": _account(accounts, kind, amount), "uncaptured_minor": amount}
        found.append(
            Tender(number=next(numbers), type=kind, amount_minor=amount, reference=None, **more)
        )
    return found


def _account(accounts: payments.Accounts, kind: TenderType, amount_minor: int) -> Any:
    code = None if kind == "store_credit" else str(new_id())
    account = payments.fresh_account(
        new_id(), customer=CUSTOMER, amount_minor=amount_minor, currency="EUR", code=code, now=NOON
    )
    source = payments.EntrySource(actor_id=STAFF, occurred_at=NOON)
    assert accounts.issue(account, source, code=code) is None
    return account.id
