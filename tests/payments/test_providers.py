"""The sandbox keeps to what it has; Stripe is asked in its own words, and believed as it signs."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest

from omniretail import payments
from omniretail.db import Database
from omniretail.ids import new_id
from omniretail.payments.signatures import sign, verify
from omniretail.settings import Settings, load
from tests.payments.cards import T0

SECRET = "whsec_stripe"
PAYMENT = UUID("0198c0de-0000-7000-8000-00000000000a")
OPERATION = UUID("0198c0de-0000-7000-8000-00000000000b")
WANTED = payments.Authorization(
    payment_id=PAYMENT, amount_minor=2000, currency="EUR", method="pm_card_visa"
)
CHANGE = payments.Change(
    operation_id=OPERATION,
    payment_id=PAYMENT,
    reference="pi_1",
    amount_minor=1200,
    currency="EUR",
)

Answering = Callable[[httpx.Request], httpx.Response]


def stripe(answering: Answering) -> payments.StripeProvider:
    """Stripe, with a function in the place of its network."""
    return payments.StripeProvider(
        secret_key="sk_test_1",
        webhook_secret=SECRET,
        base_url="https://stripe.test",
        transport=httpx.MockTransport(answering),
    )


def intent(status: str, **more: Any) -> dict[str, Any]:
    """A PaymentIntent as Stripe tells of it."""
    return {"id": "pi_1", "object": "payment_intent", "status": status, "amount": 2000} | more


def paid_by(fingerprint: str | None, kind: str = "card") -> dict[str, Any]:
    """The charge of a PaymentIntent as Stripe tells of it where it is asked to."""
    details = {"type": kind, kind: {"brand": "visa", "fingerprint": fingerprint}}
    return {"latest_charge": {"id": "ch_1", "payment_method_details": details}}


@pytest.mark.parametrize(
    ("told", "token"),
    [
        (paid_by("fp_1"), "fp_1"),
        (paid_by("fp_1", "card_present"), "fp_1"),
        (paid_by("fp_1", "paypal"), None),
        (paid_by(None), None),
        ({"latest_charge": "ch_1"}, None),
        ({"latest_charge": None}, None),
        ({"latest_charge": {"id": "ch_1", "payment_method_details": None}}, None),
        ({}, None),
    ],
)
async def test_stripe_names_the_card_by_its_fingerprint(told: Any, token: str | None) -> None:
    """Where its charge is told with the intent; anything else has no name, and is no fault."""
    provider = stripe(always(200, intent("requires_capture") | told))

    assert await provider.authorize(WANTED) == payments.Done("pi_1", token)


def always(status: int, body: Any) -> Answering:
    """The same answer to everything."""
    return lambda _: httpx.Response(status, json=body)


async def test_stripe_is_asked_to_authorize_and_not_to_capture() -> None:
    asked: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=intent("requires_capture") | paid_by("fp_1"))

    answer = await stripe(answering).authorize(WANTED)

    (request,) = asked
    assert answer == payments.Done("pi_1", "fp_1")
    assert (request.method, request.url.path) == ("POST", "/v1/payment_intents")
    assert request.headers["authorization"] == "Bearer sk_test_1"
    assert request.headers["idempotency-key"] == str(PAYMENT)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    form = {name: value for name, (value,) in parse_qs(request.content.decode()).items()}
    assert form == {
        "amount": "2000",
        "currency": "eur",
        "capture_method": "manual",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "error_on_requires_action": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "metadata[payment_id]": str(PAYMENT),
        "expand[]": "latest_charge",
    }


async def test_stripe_is_asked_for_the_rest_by_its_own_reference() -> None:
    asked: list[tuple[str, str, str]] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(
            (request.url.path, request.content.decode(), request.headers["idempotency-key"])
        )
        if request.url.path == "/v1/refunds":
            return httpx.Response(200, json={"id": "re_1", "status": "succeeded"})
        status = "canceled" if request.url.path.endswith("/cancel") else "succeeded"
        return httpx.Response(200, json=intent(status))

    provider = stripe(answering)
    final = payments.Change(
        operation_id=OPERATION,
        payment_id=PAYMENT,
        reference="pi_1",
        amount_minor=800,
        currency="EUR",
        final=True,
    )

    answers = [
        await provider.capture(CHANGE),
        await provider.capture(final),
        await provider.void(CHANGE),
        await provider.refund(CHANGE),
    ]

    name = str(OPERATION)
    assert answers == [*[payments.Done("pi_1")] * 3, payments.Done("re_1")]
    assert asked == [
        ("/v1/payment_intents/pi_1/capture", "amount_to_capture=1200&final_capture=false", name),
        ("/v1/payment_intents/pi_1/capture", "amount_to_capture=800&final_capture=true", name),
        ("/v1/payment_intents/pi_1/cancel", "", name),
        ("/v1/refunds", "payment_intent=pi_1&amount=1200", name),
    ]


@pytest.mark.parametrize(
    ("status", "fault", "code"),
    [
        (
            402,
            {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"},
            "lost_card",
        ),
        (402, {"type": "card_error", "code": "expired_card"}, "expired_card"),
        (402, {"type": "card_error", "code": "authentication_required"}, "authentication_required"),
        (400, {"type": "invalid_request_error"}, "invalid_request_error"),
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, "resource_missing"),
        (400, {}, "declined"),
    ],
)
async def test_what_stripe_refuses_is_declined(status: int, fault: Any, code: str) -> None:
    provider = stripe(always(status, {"error": fault | {"message": "No."}}))

    assert await provider.authorize(WANTED) == payments.Declined(code, "No.")
    assert await provider.capture(CHANGE) == payments.Declined(code, "No.")


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 502, 503, 301])
async def test_what_stripe_could_not_answer_is_asked_again(status: int) -> None:
    provider = stripe(always(status, {"error": "of another kind"}))

    for asking in (
        provider.authorize(WANTED),
        provider.capture(CHANGE),
        provider.void(CHANGE),
        provider.refund(CHANGE),
        provider.find(PAYMENT),
    ):
        with pytest.raises(payments.ProviderUnavailable):
            await asking


@pytest.mark.parametrize(
    "fault", [httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError]
)
async def test_a_line_that_breaks_says_nothing(fault: type[httpx.TransportError]) -> None:
    def breaking(_: httpx.Request) -> httpx.Response:
        raise fault("broken")

    with pytest.raises(payments.ProviderUnavailable):
        await stripe(breaking).authorize(WANTED)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id": 1}', b"\xff"])
async def test_an_answer_that_cannot_be_read_says_nothing(body: bytes) -> None:
    with pytest.raises(payments.ProviderUnavailable):
        await stripe(lambda _: httpx.Response(200, content=body)).authorize(WANTED)


@pytest.mark.parametrize("status", ["processing", "requires_action", "requires_confirmation", None])
async def test_a_payment_that_stripe_has_not_decided(status: Any) -> None:
    with pytest.raises(payments.ProviderUnavailable):
        await stripe(always(200, intent(status))).authorize(WANTED)
    with pytest.raises(payments.ProviderUnavailable):
        await stripe(always(200, intent("requires_capture"))).void(CHANGE)


async def test_a_refund_that_comes_back_failed() -> None:
    answer = await stripe(always(200, {"id": "re_1", "status": "failed"})).refund(CHANGE)
    assert isinstance(answer, payments.Declined)


async def test_stripe_finds_a_payment_by_our_name_for_it() -> None:
    asked: list[httpx.URL] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"data": [intent("requires_capture")]})

    found = await stripe(answering).find(PAYMENT)
    nothing = await stripe(always(200, {"data": []})).find(PAYMENT)
    fault = {"type": "card_error", "code": "card_declined", "message": "No."}
    failed = intent("requires_payment_method", last_payment_error=fault)
    declined = await stripe(always(200, {"data": [failed]})).find(PAYMENT)
    given_up = await stripe(always(200, {"data": [intent("canceled")]})).find(PAYMENT)

    assert found == payments.Done("pi_1")
    assert nothing is None
    assert declined == payments.Declined("card_declined", "No.")
    assert isinstance(given_up, payments.Declined)
    assert given_up.code == "canceled"
    assert asked[0].path == "/v1/payment_intents/search"
    assert asked[0].params["query"] == f"metadata['payment_id']:'{PAYMENT}'"
    assert asked[0].params["expand[]"] == "data.latest_charge"


def _event(kind: str, **more: Any) -> bytes:
    metadata = {"payment_id": str(PAYMENT)}
    told = intent("requires_capture", metadata=metadata) | more
    return json.dumps({"id": "evt_1", "type": kind, "data": {"object": told}}).encode()


async def test_a_webhook_tells_what_became_of_a_payment() -> None:
    provider = stripe(always(500, {}))

    def heard(body: bytes) -> payments.Heard | None:
        return provider.heard({"stripe-signature": sign(SECRET, body, at=T0)}, body, now=T0)

    fault = {"code": "card_declined", "decline_code": "lost_card", "message": "No."}
    failed = {"status": "requires_payment_method", "last_payment_error": fault}

    assert heard(_event("payment_intent.amount_capturable_updated")) == payments.Heard(
        payment_id=PAYMENT, answer=payments.Done("pi_1")
    )
    assert heard(_event("payment_intent.payment_failed", **failed)) == payments.Heard(
        payment_id=PAYMENT, answer=payments.Declined("lost_card", "No.")
    )
    for body in (
        _event("payment_intent.created"),
        _event("payment_intent.amount_capturable_updated", metadata={}),
        _event("payment_intent.amount_capturable_updated", metadata={"payment_id": "order 7"}),
        _event("payment_intent.amount_capturable_updated", status="processing"),
        b"{}",
        b"not JSON",
    ):
        assert heard(body) is None


def test_a_signature_as_stripe_makes_it() -> None:
    """By a body, a secret and a time, worked out with another tool (OpenSSL)."""
    body = b'{"id":"evt_1"}'
    header = sign(SECRET, body, at=T0)
    moment, digest = header.split(",")

    assert moment == f"t={int(T0.timestamp())}"
    assert digest == "v1=ba68bbdd6c2753fde89962475cf249a50eb20913dde0290cca88a2f4cabbb87a"
    verify(SECRET, header, body, now=T0)
    verify(SECRET, f"{moment},v0=x,v1=old,{digest}", body, now=T0)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_message_that_is_fresh(seconds: int) -> None:
    verify(SECRET, sign(SECRET, b"{}", at=T0), b"{}", now=T0 + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_message_that_is_not(seconds: int) -> None:
    with pytest.raises(payments.CallbackNotAuthentic):
        verify(SECRET, sign(SECRET, b"{}", at=T0), b"{}", now=T0 + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "header", ["", "t=1", "v1=x", "t=,v1=", "x", "t=1,t=2,v1=3", "v1=ä", "t=é,v1=1"]
)
def test_a_header_that_is_none(header: str) -> None:
    with pytest.raises(payments.CallbackNotAuthentic):
        verify(SECRET, header, b"{}", now=T0)


@pytest.mark.parametrize("moment", ["", "soon", "-1", "1e9", "9" * 5000, "١"])
def test_a_signed_time_that_is_none(moment: str) -> None:
    """Signed with the secret indeed, and still no fault of ours."""
    signed = hmac.new(SECRET.encode(), f"{moment}.{{}}".encode(), hashlib.sha256).hexdigest()
    with pytest.raises(payments.CallbackNotAuthentic):
        verify(SECRET, f"t={moment},v1={signed}", b"{}", now=T0)


async def test_the_sandbox_gives_no_more_than_it_has(database: Database) -> None:
    """Given 20.00 set aside, then no more can be captured, no more refunded than captured; asked the
    same again, each answers the same."""
    sandbox = payments.SandboxProvider(database)
    payment_id = new_id()
    wanted = payments.Authorization(
        payment_id=payment_id, amount_minor=2000, currency="EUR", method="ok"
    )

    def change(amount: int, currency: str = "EUR") -> payments.Change:
        return payments.Change(
            operation_id=new_id(),
            payment_id=payment_id,
            reference="any",
            amount_minor=amount,
            currency=currency,
        )

    async def code(answer: Any) -> str:
        made = await answer
        return made.code if isinstance(made, payments.Declined) else "done"

    unheard = await sandbox.find(payment_id)
    unknown = await code(sandbox.capture(change(1)))
    first, again = await sandbox.authorize(wanted), await sandbox.authorize(wanted)
    part, rest = change(1500), change(501)

    assert unheard is None
    assert unknown == "unknown_charge"
    assert first == again == await sandbox.find(payment_id)
    assert await code(sandbox.refund(change(1))) == "amount_too_large"
    assert await code(sandbox.capture(change(1500, "USD"))) == "unknown_charge"
    assert await code(sandbox.capture(part)) == "done"
    assert await code(sandbox.capture(part)) == "done"
    assert await code(sandbox.capture(rest)) == "amount_too_large"
    assert await code(sandbox.void(change(500))) == "done"
    assert await code(sandbox.void(change(500))) == "already_voided"
    assert await code(sandbox.capture(change(500))) == "amount_too_large"
    assert await code(sandbox.refund(change(1000))) == "done"
    assert await code(sandbox.refund(change(501))) == "amount_too_large"
    assert await code(sandbox.capture(rest)) == "amount_too_large"
    assert await sandbox.callbacks(payment_id, now=T0) == []
    assert await sandbox.callbacks(new_id(), now=T0) == []


async def test_the_provider_is_chosen_by_the_settings(database: Database) -> None:
    """The sandbox unless another is named; and no provider without what it needs."""
    usual = payments.chosen_provider(load({}), database)
    environment = {
        "OMNIRETAIL_PAYMENT_PROVIDER": "stripe",
        "OMNIRETAIL_STRIPE_SECRET_KEY": "sk_test_1",
    }
    other = payments.chosen_provider(load(environment), database)

    assert (usual.name, other.name) == ("sandbox", "stripe")
    await other.close()
    await usual.close()
    with pytest.raises(SystemExit, match="OMNIRETAIL_STRIPE_SECRET_KEY"):
        load({"OMNIRETAIL_PAYMENT_PROVIDER": "stripe"})
    with pytest.raises(SystemExit, match="payment_provider"):
        load({"OMNIRETAIL_PAYMENT_PROVIDER": "bank"})
    assert Settings().payment_provider == "sandbox"
