"""Cards and wallets at the checkout: authorized, declined, not answered, told twice, used, given up."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from omniretail import clock, idempotency, payments
from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.payments.signatures import sign
from tests.callers import Caller, Retailer, euro
from tests.payments.cards import SECRET, SHOP, T0, Cards, value

NOBODY = "0198c0de-0000-7000-8000-000000000000"


@pytest.fixture
def cards(retailer: Retailer) -> Cards:
    return Cards(retailer)


@pytest.fixture
def signed(retailer: Retailer) -> payments.SandboxProvider:
    """The application's sandbox, with a secret that it signs with."""
    provider = payments.SandboxProvider(retailer.process.database, secret=SECRET)
    retailer.process.provider = provider
    return provider


def wanted(method: str = "ok", amount: int = 2000, **more: Any) -> dict[str, Any]:
    """A payment on the wire."""
    return {"type": "card", "amount": euro(amount), "method": method, **more}


async def keyed(caller: Caller, body: dict[str, Any], key: str) -> httpx.Response:
    """Ask for a payment whose first answer will not be its last."""
    return await caller.send("POST", "/v1/payments", json=body, headers={"Idempotency-Key": key})


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_a_card_is_authorized_before_its_order(retailer: Retailer) -> None:
    cart = str(new_id())
    answer = await retailer.web.post("/v1/payments", wanted(cart=cart))

    told = answer.json()
    assert answer.status_code == 201
    assert (told["state"], told["amount"], told["cart"]) == ("authorized", euro(2000), cart)
    assert (told["channel"], told["provider"], told["order_id"]) == ("web", "sandbox", None)
    seen = await retailer.web.get(f"/v1/payments/{told['id']}")
    assert (seen.status_code, seen.json()) == (200, told)


async def test_a_declined_card_says_why(retailer: Retailer) -> None:
    answer = await retailer.web.post("/v1/payments", wanted("declined"))
    unknown = await retailer.web.post("/v1/payments", wanted("pm_of_somebody_else"))

    assert (answer.status_code, answer.json()["state"]) == (201, "declined")
    assert answer.json()["decline_code"] == "card_declined"
    assert unknown.json()["decline_code"] == "unknown_method"


async def test_the_same_request_authorizes_once(retailer: Retailer) -> None:
    """Ten taps on the button at once are one payment, and every tap gets the same answer."""
    answers = await asyncio.gather(
        *(retailer.web.post("/v1/payments", wanted(), key="tap") for _ in range(10))
    )
    other = await retailer.web.post("/v1/payments", wanted(amount=1), key="tap")

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["state"] == "authorized"
    assert refused(other) == (422, "idempotency_key_reused")
    payment_id = UUID(answers[0].json()["id"])
    assert await Cards(retailer).at_the_sandbox(payment_id) == [("authorization", 2000, None)]


async def test_a_lost_answer_is_found_by_asking_again(retailer: Retailer) -> None:
    """Given an answer lost on its way, when the shop asks again under its key, then it is found."""
    first = await keyed(retailer.web, wanted("timeout"), "checkout-1")
    again = await retailer.web.post("/v1/payments", wanted("timeout"), key="checkout-1")

    assert (first.status_code, first.json()["state"]) == (201, "pending")
    assert (again.status_code, again.json()["state"]) == (201, "authorized")
    assert again.json()["id"] == first.json()["id"]
    assert await Cards(retailer).at_the_sandbox(UUID(first.json()["id"])) == [
        ("authorization", 2000, None)
    ]


async def test_a_lost_answer_is_found_by_the_worker(cards: Cards) -> None:
    """Nobody asks again: the worker does, once it is its turn; the key then has its answer."""
    command = cards.command("timeout")
    begun = await cards.pay_by(command)
    too_soon = await payments.find_pending(cards.database, cards.provider, cards.clock)
    cards.clock.move(seconds=5)
    asked = await payments.find_pending(cards.database, cards.provider, cards.clock)
    answer = await payments.pay(cards.database, cards.provider, command, clock=cards.clock)

    assert (begun.state, too_soon, asked) == ("pending", 0, 1)
    assert isinstance(answer, idempotency.Answer)
    assert (answer.replayed, answer.value.state) == (True, "authorized")
    assert await cards.found(begun.id) == answer.value


async def test_a_provider_that_does_not_answer_is_asked_less_and_less(cards: Cards) -> None:
    """Given a provider that is down, when the worker asks, then later each time, and an hour at most."""
    begun = await cards.start(cards.command())

    class Down(payments.SandboxProvider):
        async def find(self, payment_id: UUID) -> payments.ProviderAnswer | None:
            raise payments.ProviderUnavailable

    down = Down(cards.database)
    asked = 0
    for _ in range(24 * 60):
        cards.clock.move(minutes=1)
        asked += await payments.find_pending(cards.database, down, cards.clock)

    assert 24 <= asked <= 40
    assert (await cards.found(begun.id)).state == "pending"


async def test_the_process_dies_before_it_asks(cards: Cards) -> None:
    """Written down and never asked for: whoever comes next asks, and nothing is charged twice."""
    command = cards.command()
    begun = await cards.start(command)
    again = await cards.pay_by(command)

    assert (begun.state, again.state, again.id) == ("pending", "authorized", begun.id)
    assert len(await cards.at_the_sandbox(begun.id)) == 1


async def test_the_process_dies_before_it_records(cards: Cards) -> None:
    """Asked for and never recorded: the worker finds what the provider did."""
    command = cards.command()
    begun = await cards.start(command)
    answer = await cards.provider.authorize(payments.authorization(begun, command.method))
    cards.clock.move(minutes=1)
    asked = await payments.find_pending(cards.database, cards.provider, cards.clock)

    assert isinstance(answer, payments.Done)
    assert asked == 1
    assert (await cards.found(begun.id)).state == "authorized"
    assert len(await cards.at_the_sandbox(begun.id)) == 1


async def test_nobody_is_charged_who_has_gone_away(cards: Cards) -> None:
    """A payment that its provider never heard of is declined once its time is up."""
    begun = await cards.start(cards.command())
    cards.clock.move(minutes=31)
    await payments.find_pending(cards.database, cards.provider, cards.clock)

    found = await cards.found(begun.id)
    assert (found.state, found.decline_code) == ("declined", "expired")
    assert await cards.at_the_sandbox(begun.id) == []


async def test_two_workers_ask_for_a_payment_once(cards: Cards) -> None:
    """Both lease at once: what one has, the other has not; none is left out."""
    begun = {(await cards.start(cards.command())).id for _ in range(6)}
    cards.clock.move(minutes=1)

    async def lease() -> set[UUID]:
        leased = await cards.database.run(
            lambda tx: payments.lease_payments(tx, provider="sandbox", now=cards.clock(), most=4)
        )
        return {attempt.payment.id for attempt in leased}

    one, other = await asyncio.gather(lease(), lease())
    rest = await lease()
    cards.clock.move(minutes=1)
    after_the_lease = await payments.find_pending(cards.database, cards.provider, cards.clock)

    assert not one & other
    assert not (one | other) & rest
    assert one | other | rest == begun
    assert after_the_lease == 6


async def test_the_first_answer_stands(cards: Cards) -> None:
    """A second answer, and a late refusal, change nothing."""
    payment = await cards.pay()
    same = await cards.record(payment.id, payments.Done("another-reference"))
    late = await cards.record(payment.id, payments.Declined("late", "Too late."))
    silent = await cards.record(payment.id, None)

    assert payment == same == late == silent
    (unknown,) = await cards.database.run(
        lambda tx: payments.record_answers(
            tx, [payments.Told(payment_id=new_id(), answer=None)], now=T0
        )
    )
    assert isinstance(unknown, payments.UnknownPayment)


async def test_a_card_is_named_by_whoever_knows_it(cards: Cards) -> None:
    """The sandbox names its card; an answer without a name leaves room for a later one, which stands."""
    known = await cards.pay()
    begun = await cards.start(cards.command())
    answer = await cards.provider.authorize(payments.authorization(begun, "ok"))
    assert isinstance(answer, payments.Done)
    reference = answer.reference
    nameless = await cards.record(begun.id, payments.Done(reference))
    named = await cards.record(begun.id, payments.Done(reference, "card-1"))
    again = await cards.record(begun.id, payments.Done(reference, "card-2"))

    assert known.card_token == "sandbox-card-ok"
    assert (nameless.state, nameless.card_token) == ("authorized", None)
    assert (named.state, named.card_token, again.card_token) == ("authorized", "card-1", "card-1")
    assert await cards.found(begun.id) == named


async def test_money_set_aside_after_a_refusal_is_released(cards: Cards) -> None:
    """Given a payment given up for lost, when its provider has set money aside after all, then it is
    voided, whatever its request was told, and the money is released."""
    command = cards.command()
    begun = await cards.start(command)
    await cards.record(begun.id, payments.Declined("expired", "Nobody waits for it."))
    answer = await cards.provider.authorize(payments.authorization(begun, command.method))
    after = await cards.record(begun.id, answer)
    again = await cards.record(begun.id, answer)
    remembered = await cards.pay_by(command)
    asked = await cards.settle_all()

    assert (after.state, again.state, remembered.state) == ("voided", "voided", "declined")
    assert asked == 1
    assert await cards.at_the_sandbox(begun.id) == [
        ("authorization", 2000, None),
        ("void", 2000, None),
    ]


async def test_a_key_that_became_another_request_s(retailer: Retailer, cards: Cards) -> None:
    """A key is free while its payment is pending; taken by another request, it stays that one's."""
    body = {"lines": [{"sku": "A", "location": "S1", "quantity": 1}]}
    await retailer.receive("A", S1=1)
    first = await keyed(retailer.web, wanted("timeout"), "both")
    held = await retailer.web.post("/v1/holds", body, key="both")
    again = await keyed(retailer.web, wanted("timeout"), "both")
    cards.clock.now = clock.now()
    cards.clock.move(minutes=2)
    asked = await payments.find_pending(cards.database, cards.provider, cards.clock)

    assert (first.json()["state"], held.status_code) == ("pending", 201)
    assert refused(again) == (422, "idempotency_key_reused")
    assert asked == 1
    found = await retailer.web.get(f"/v1/payments/{first.json()['id']}")
    assert found.json()["state"] == "authorized"


async def test_an_order_uses_a_payment_once(cards: Cards) -> None:
    payment, order_id = await cards.pay(), new_id()

    cheaper = await cards.use(payment.id, order_id, amount_minor=1999)
    dollars = await cards.use(payment.id, order_id, currency="USD")
    used = await cards.use(payment.id, order_id)
    other = await cards.use(payment.id, new_id())
    unknown = await cards.use(new_id(), order_id)
    declined = await cards.use((await cards.pay("declined")).id, order_id)

    assert isinstance(cheaper, payments.PaymentAmountDiffers)
    assert cheaper.fields["authorized_minor"] == 2000
    assert isinstance(dollars, payments.PaymentCurrencyDiffers)
    assert used is None
    assert isinstance(other, payments.PaymentUsed)
    assert other.fields["order"] == str(order_id)
    assert isinstance(unknown, payments.UnknownPayment)
    assert isinstance(declined, payments.PaymentNotAuthorized)
    found = await cards.found(payment.id)
    assert (found.state, found.order_id, found.tender_number) == ("used", order_id, 1)


async def test_two_orders_at_once_want_one_payment(cards: Cards) -> None:
    payment = await cards.pay()

    outcomes = await asyncio.gather(*(cards.use(payment.id, new_id()) for _ in range(5)))

    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, payments.PaymentUsed) for outcome in outcomes) == 4


async def test_another_channel_s_payment_is_none(retailer: Retailer, cards: Cards) -> None:
    """A till neither sees, voids nor uses what the web shop had authorized."""
    made = (await retailer.web.post("/v1/payments", wanted())).json()
    path = f"/v1/payments/{made['id']}"
    till = replace(SHOP, kind="terminal", channel="pos", locations=frozenset({"S1"}))

    used = await cards.use(UUID(made["id"]), new_id(), principal=till)

    assert refused(await retailer.till.get(path)) == (404, "unknown_payment")
    assert refused(await retailer.till.post(f"{path}/void", {})) == (404, "unknown_payment")
    assert isinstance(used, payments.UnknownPayment)
    assert (await retailer.office.get(path)).status_code == 200


async def test_a_payment_is_in_its_channel_s_money(retailer: Retailer) -> None:
    dollars = {"amount": 2000, "currency": "USD"}
    other = await retailer.web.post("/v1/payments", wanted(channel="pos"))
    unknown = await retailer.office.post("/v1/payments", wanted(channel="nowhere"))
    nameless = await retailer.office.post("/v1/payments", wanted())
    foreign = await retailer.web.post("/v1/payments", wanted() | {"amount": dollars})

    assert refused(other) == (403, "channel_bound")
    assert refused(unknown) == (404, "unknown_channel")
    assert refused(nameless) == (400, "invalid")
    assert refused(foreign) == (409, "payment_currency_differs")


async def test_a_payment_nobody_needs_is_voided(retailer: Retailer, cards: Cards) -> None:
    """The customer goes away: the shop voids, as often as it likes, and the money is released."""
    made = (await retailer.web.post("/v1/payments", wanted())).json()
    path = f"/v1/payments/{made['id']}/void"
    voided = await retailer.web.post(path, {})
    again = await retailer.web.post(path, {})
    cards.clock.now = clock.now()

    assert (voided.status_code, voided.json()["state"]) == (200, "voided")
    assert again.json() == voided.json()
    assert await cards.settle_all() == 1
    assert await cards.at_the_sandbox(UUID(made["id"])) == [
        ("authorization", 2000, None),
        ("void", 2000, None),
    ]
    late = await cards.use(UUID(made["id"]), new_id())
    assert isinstance(late, payments.PaymentNotAuthorized)


async def test_what_cannot_be_voided(retailer: Retailer, cards: Cards) -> None:
    """Not what an order uses, nor what was declined, nor what is not decided yet."""
    used = (await retailer.web.post("/v1/payments", wanted())).json()["id"]
    declined = (await retailer.web.post("/v1/payments", wanted("declined"))).json()["id"]
    pending = (await keyed(retailer.web, wanted("timeout"), "slow")).json()["id"]
    order_id = new_id()
    assert await cards.use(UUID(used), order_id) is None

    answers = [
        await retailer.web.post(f"/v1/payments/{payment}/void", {})
        for payment in (used, declined, pending, NOBODY)
    ]

    assert [refused(answer) for answer in answers] == [
        (409, "payment_used"),
        (409, "payment_not_authorized"),
        (409, "payment_not_authorized"),
        (404, "unknown_payment"),
    ]
    assert answers[0].json()["order"] == str(order_id)
    assert [answer.json()["state"] for answer in answers[1:3]] == ["declined", "pending"]


async def test_what_no_order_used_in_time_is_voided(cards: Cards) -> None:
    """After half an hour, and only then; what an order used stays."""
    waiting, (used, _) = await cards.pay(), await cards.sold()
    cards.clock.move(minutes=29)
    too_soon = await payments.void_unused(cards.database, cards.clock)
    cards.clock.move(minutes=1)
    voided = await payments.void_unused(cards.database, cards.clock)
    again = await payments.void_unused(cards.database, cards.clock)

    assert (too_soon, voided, again) == (0, 1, 0)
    assert (await cards.found(waiting.id)).state == "voided"
    assert (await cards.found(used)).state == "used"
    assert await cards.settle_all() == 1


async def test_an_order_and_the_worker_meet_on_a_payment(cards: Cards) -> None:
    """Its time is up as the order comes: one of them has it, never both."""
    made = [(await cards.pay()).id for _ in range(8)]
    cards.clock.move(minutes=31)

    _, *used = await asyncio.gather(
        payments.void_unused(cards.database, cards.clock),
        *(cards.use(payment_id, new_id()) for payment_id in made),
    )
    await payments.void_unused(cards.database, cards.clock)

    states = [(await cards.found(payment_id)).state for payment_id in made]
    assert states == ["used" if outcome is None else "voided" for outcome in used]


async def test_the_provider_and_the_browser_come_at_once(
    retailer: Retailer, signed: payments.SandboxProvider
) -> None:
    """Given no answer, when the provider tells by itself while the shop asks again, then it is one
    payment, authorized once, and the shop's answer is the one that is kept."""
    first = await keyed(retailer.web, wanted("late"), "checkout-2")
    payment_id = UUID(first.json()["id"])
    ((signature, body),) = await signed.callbacks(payment_id, now=clock.now())

    told, again = await asyncio.gather(
        tell(retailer, body, signature), keyed(retailer.web, wanted("late"), "checkout-2")
    )
    last = await retailer.web.post("/v1/payments", wanted("late"), key="checkout-2")

    assert (first.json()["state"], told.status_code, told.json()) == (
        "pending",
        200,
        {"received": True},
    )
    assert again.json()["state"] in {"pending", "authorized"}
    assert last.json()["state"] == "authorized"
    assert last.headers["idempotency-replayed"] == "true"


async def test_a_provider_that_tells_twice(
    retailer: Retailer, signed: payments.SandboxProvider
) -> None:
    """Told twice, and after an order used it: nothing changes, and nobody is told to try again."""
    made = (await retailer.web.post("/v1/payments", wanted("twice"))).json()
    payment_id = UUID(made["id"])
    messages = await signed.callbacks(payment_id, now=clock.now())
    assert await Cards(retailer).use(payment_id, new_id()) is None

    answers = [await tell(retailer, body, signature) for signature, body in messages]

    assert [answer.status_code for answer in answers] == [200, 200]
    seen = await retailer.web.get(f"/v1/payments/{payment_id}")
    assert seen.json()["state"] == "used"


async def tell(retailer: Retailer, body: bytes, signature: str) -> httpx.Response:
    """Send a message as the sandbox would."""
    headers = {b"Sandbox-Signature": signature.encode(), b"Content-Type": b"application/json"}
    return await retailer.http.post("/v1/payment-callbacks/sandbox", content=body, headers=headers)


async def test_nobody_speaks_for_the_provider(
    retailer: Retailer, signed: payments.SandboxProvider
) -> None:
    """Unsigned, forged, recorded and sent later, or about nothing: no payment becomes authorized."""
    made = (await keyed(retailer.web, wanted("late"), "checkout-3")).json()
    body = b'{"payment_id":"%s","decline_code":null}' % made["id"].encode()
    now = clock.now()
    good = sign(SECRET, body, at=now)
    forged = [
        (body, ""),
        (body, "nonsense"),
        (body, "t=,v1="),
        (body, "t=1,v1=é"),
        (body, sign("another secret", body, at=now)),
        (body, sign(SECRET, body, at=T0.replace(year=2020))),
        (body, sign(SECRET, body, at=T0.replace(year=2099))),
        (body + b" ", good),
        (b'{"payment_id": 1}', sign(SECRET, b'{"payment_id": 1}', at=now)),
    ]

    answers = [await tell(retailer, content, signature) for content, signature in forged]

    assert {refused(answer) for answer in answers} == {(400, "callback_not_authentic")}
    for content in (b"", b"[]", b"\xff", b"[" * 100_000):
        assert (await tell(retailer, content, sign(SECRET, content, at=now))).status_code == 400
    nobody = b'{"payment_id":"%s","decline_code":null}' % NOBODY.encode()
    assert (await tell(retailer, nobody, sign(SECRET, nobody, at=now))).status_code == 200
    elsewhere = await retailer.http.post("/v1/payment-callbacks/stripe", json={})
    assert refused(elsewhere) == (404, "unknown_provider")
    assert (await retailer.web.get(f"/v1/payments/{made['id']}")).json()["state"] == "pending"
    retailer.process.provider = payments.SandboxProvider(retailer.process.database)
    unset = await tell(retailer, body, sign("", body, at=now))
    assert refused(unset) == (400, "callback_not_authentic")


async def test_a_batch_of_payments(cards: Cards) -> None:
    """Each is judged by itself, in order; the same key twice is one payment."""
    one, other = cards.command(key="one"), cards.command(key="two", currency="USD")
    stolen = replace(cards.command(), key=idempotency.Key(SHOP.id, "one", b"2" * 16))

    outcomes = await cards.database.run(
        lambda tx: payments.start_payments(
            tx, [one, other, one, stolen], provider="sandbox", now=T0
        )
    )
    later = await cards.database.run(
        lambda tx: payments.start_payments(tx, [stolen, one], provider="sandbox", now=T0)
    )

    first, refusal, same, reused = outcomes
    assert value(first) == value(same)
    assert isinstance(refusal, payments.PaymentCurrencyDiffers)
    assert isinstance(reused, DomainError)
    assert reused.code == "idempotency_key_reused"
    assert isinstance(later[0], DomainError)
    assert value(later[1]) == value(first)
