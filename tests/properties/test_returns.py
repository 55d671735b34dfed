"""Whatever comes back in whatever order, refunds are to the cent what was paid for it, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from omniretail.ids import new_id
from omniretail.inventory.levels import MOST_QUANTITY, QuantityTooLarge
from omniretail.orders import FulfillmentWish, LineWish, TenderGiven
from omniretail.returns import (
    Arrival,
    Exchange,
    LineBack,
    OpenReturn,
    RefundWish,
    ReturnPolicy,
)
from omniretail.returns.deciding import decide
from tests.properties.sales import Sale, policies, sales
from tests.properties.swap_steps import STEPS, Swaps
from tests.properties.trade import GOODS

Step = tuple[str, int, int, int]

_numbers = st.integers(0, 29)


def _taken(*names: str) -> st.SearchStrategy[Step]:
    return st.tuples(st.sampled_from(names), _numbers, _numbers, st.integers(1, 8))


# Most orders reach their customers, in part at least, before anything comes back.
_first = st.lists(_taken("leave", "leave", "leave", "cancel", "arrive", "adjust"), max_size=5)
_often = ["leave", "bring", "bring", "leave_at_desk", "elsewhere", "receive", "pay_back"]
_often += ["exchange", "exchange", "exchange", "claim", "claim", "settle"]
_then = st.lists(
    _taken(*STEPS, *_often),
    min_size=4,
    max_size=16,
)


@given(sales, policies, _first, _then)
def test_refunds_are_what_was_paid_and_in_the_end_nothing_is_left(
    sale: Sale, policy: ReturnPolicy, first: list[Step], then: list[Step]
) -> None:
    trade = Swaps(sale, policy)
    trade.agree()
    for name, a, b, n in (*first, *then):
        STEPS[name](trade, a, b, n)
        trade.agree()
    trade.close()
    trade.agree()
    trade.nothing_is_left()


@given(sales, policies)
def test_goods_that_find_no_room_take_the_store_credit_back(
    sale: Sale, policy: ReturnPolicy
) -> None:
    """What is refused by the stock, after store credit was issued for it, was never issued."""
    trade = _without_room(sale, policy)
    line = next(iter(trade.order.lines))
    before = trade.books()

    outcome = decide(
        trade.desk,
        OpenReturn(
            return_id=new_id(),
            order=trade.order_id,
            lines=(LineBack(order_line=line.number, quantity=1, reason="too_big"),),
            location="S3",
            arrivals=(Arrival(line=1, quantity=1, disposition="sellable"),),
            refund=RefundWish(),
            **trade.common,
        ),
    )

    assert isinstance(outcome, QuantityTooLarge)
    assert trade.books() == before


@given(sales, policies)
def test_goods_that_find_no_room_pay_for_nothing(sale: Sale, policy: ReturnPolicy) -> None:
    """What came in for goods that are refused then never came, nor was it paid."""
    trade = _without_room(sale, policy)
    line = next(iter(trade.order.lines))
    coming = LineWish(sku="A", quantity=1, own_price_minor=20_000, price_reason="any")
    wanted = FulfillmentWish(id=new_id(), kind="carry_out", location="S1", lines=(coming,))
    units = {line.number: 1}
    (cost,) = trade.costs([wanted])
    charge = cost.total_minor - trade.clerk.brings(units)

    outcome = trade.judge_exchange(
        Exchange(
            return_id=new_id(),
            order=trade.order_id,
            lines=(LineBack(order_line=line.number, quantity=1, reason="too_big"),),
            wanted=(wanted,),
            tenders=(
                TenderGiven(
                    type="store_credit",
                    amount_minor=charge,
                    currency="EUR",
                    account=str(trade.credit),
                ),
            ),
            location="S3",
            arrivals=(Arrival(line=1, quantity=1, disposition="sellable"),),
            **trade.common,
        ),
        units,
        charge,
    )

    assert isinstance(outcome, QuantityTooLarge)


def _without_room(sale: Sale, policy: ReturnPolicy) -> Swaps:
    """All goods of a sale reached the customer, and S3 has no room for any of them."""
    trade = Swaps(sale, policy)
    for part in trade.order.fulfillments:
        for line in part.lines:
            if line.open_quantity:
                trade.leave(0, 0, line.open_quantity)
    for sku in GOODS:
        trade.desk.stock.level(sku, "S3").on_hand = MOST_QUANTITY
    return trade
