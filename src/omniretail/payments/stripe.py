"""Stripe: PaymentIntents that are authorized first and captured later, over its HTTP API.

Each call carries our identity as its Idempotency-Key, which Stripe honors for 24 hours; an
authorization carries it as metadata too, by which it is found after that. The secret key is sent to
the configured address and nowhere else. Source: Stripe's API reference, PaymentIntents and Refunds.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec

from omniretail.payments.provider import (
    Authorization,
    Change,
    Declined,
    Done,
    Heard,
    ProviderAnswer,
    ProviderUnavailable,
)
from omniretail.payments.signatures import verify

NAME = "stripe"
SIGNATURE = "stripe-signature"

_SECONDS = 20.0
# What says that asking again may help, or that our side is at fault: the key, too many requests at
# once, the same key at work elsewhere.
_AGAIN = frozenset({401, 403, 409, 429})
_AUTHORIZED = frozenset({"requires_capture", "succeeded"})
_FAILED = frozenset({"requires_payment_method", "canceled"})


class _Fault(msgspec.Struct, frozen=True):
    """What Stripe says was wrong with a request, or with a card."""

    type: str | None = None
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None

    def declined(self) -> Declined:
        """Return the refusal, by the most exact name that there is for it."""
        code = self.decline_code or self.code or self.type or "declined"
        return Declined(code, self.message or "Stripe declined it.")


class _Card(msgspec.Struct, frozen=True):
    fingerprint: str | None = None


class _PaidBy(msgspec.Struct, frozen=True):
    card: _Card | None = None
    card_present: _Card | None = None


class _Charge(msgspec.Struct, frozen=True):
    payment_method_details: _PaidBy | None = None


class _Object(msgspec.Struct, frozen=True):
    """A PaymentIntent or a Refund, as far as it matters here; its charge is a name unless expanded."""

    id: str
    status: str | None = None
    metadata: dict[str, str] = {}
    last_payment_error: _Fault | None = None
    latest_charge: _Charge | str | None = None

    @property
    def card_token(self) -> str | None:
        """The fingerprint of the card, the same for each payment with its number."""
        charge = self.latest_charge
        paid_by = charge.payment_method_details if isinstance(charge, _Charge) else None
        card = paid_by and (paid_by.card or paid_by.card_present)
        return card.fingerprint if card else None


class _Failed(msgspec.Struct, frozen=True):
    error: _Fault


class _Found(msgspec.Struct, frozen=True):
    data: list[_Object]


class _EventData(msgspec.Struct, frozen=True):
    object: dict[str, Any]


class _Event(msgspec.Struct, frozen=True):
    type: str
    data: _EventData


class StripeProvider:
    """The way to Stripe; `transport` lets a test stand in for the network."""

    name = NAME

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secret: str = "",
        base_url: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._webhook_secret = webhook_secret
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {secret_key}"},
            timeout=_SECONDS,
            transport=transport,
        )

    async def authorize(self, wanted: Authorization) -> ProviderAnswer:
        """Make a PaymentIntent and confirm it, to be captured later; once for each payment.

        What would need the customer to confirm somewhere else is declined: nobody is there to ask.
        """
        form = {
            "amount": str(wanted.amount_minor),
            "currency": wanted.currency.lower(),
            "capture_method": "manual",
            "confirm": "true",
            "payment_method": wanted.method,
            "error_on_requires_action": "true",
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
            "metadata[payment_id]": str(wanted.payment_id),
            "expand[]": "latest_charge",
        }
        return await self._posted("/v1/payment_intents", form, wanted.payment_id)

    async def find(self, payment_id: UUID) -> ProviderAnswer | None:
        """Tell what became of an authorization; None where its search knows none.

        The search lags behind by up to a minute; asking to authorize again, under the same
        identity, is safe all that while.
        """
        query = {
            "query": f"metadata['payment_id']:'{payment_id}'",
            "expand[]": "data.latest_charge",
        }
        response = await self._sent("GET", "/v1/payment_intents/search", params=query)
        if not response.is_success:
            raise ProviderUnavailable(f"Stripe's search answered {response.status_code}.")
        found = _read(response, _Found).data
        return _state(found[0]) if found else None

    async def capture(self, change: Change) -> ProviderAnswer:
        """Capture so much of a PaymentIntent; once for each operation."""
        form = {
            "amount_to_capture": str(change.amount_minor),
            "final_capture": "true" if change.final else "false",
        }
        path = f"/v1/payment_intents/{change.reference}/capture"
        # After a capture that is not the last one, the intent may still say `requires_capture`.
        return await self._posted(path, form, change.operation_id)

    async def void(self, change: Change) -> ProviderAnswer:
        """Cancel what is left of a PaymentIntent; once for each operation."""
        path = f"/v1/payment_intents/{change.reference}/cancel"
        return await self._posted(path, {}, change.operation_id, done="canceled")

    async def refund(self, change: Change) -> ProviderAnswer:
        """Refund so much of a PaymentIntent; once for each operation."""
        form = {"payment_intent": change.reference, "amount": str(change.amount_minor)}
        return await self._posted("/v1/refunds", form, change.operation_id, done="refunded")

    def heard(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Heard | None:
        """Return what a webhook says of an authorization of ours. Raises: CallbackNotAuthentic."""
        verify(self._webhook_secret, headers.get(SIGNATURE, ""), body, now=now)
        try:
            event = msgspec.json.decode(body, type=_Event)
            if event.type not in {
                "payment_intent.amount_capturable_updated",
                "payment_intent.payment_failed",
            }:
                return None
            intent = msgspec.convert(event.data.object, _Object)
            payment_id = msgspec.convert(intent.metadata.get("payment_id"), UUID)
            answer = _state(intent)
        except (msgspec.DecodeError, ProviderUnavailable):
            # It is not about a payment of ours, or decides nothing yet.
            return None
        return Heard(payment_id=payment_id, answer=answer)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _posted(
        self, path: str, form: Mapping[str, str], identity: UUID, *, done: str = "authorized"
    ) -> ProviderAnswer:
        response = await self._sent("POST", path, data=form, identity=identity)
        if not response.is_success:
            failed: _Failed = _read(response, _Failed)
            return failed.error.declined()
        made = _read(response, _Object)
        return _state(made) if done == "authorized" else _closed(made, done)

    async def _sent(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        identity: UUID | None = None,
    ) -> httpx.Response:
        headers = {"Idempotency-Key": str(identity)} if identity else {}
        try:
            response = await self._http.request(
                method, path, data=data, params=params, headers=headers
            )
        except httpx.HTTPError as error:
            raise ProviderUnavailable("Stripe did not answer.") from error
        if response.status_code >= 500 or response.status_code in _AGAIN:
            raise ProviderUnavailable(f"Stripe answered {response.status_code}.")
        return response


def _read(response: httpx.Response, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.DecodeError as error:
        raise ProviderUnavailable("Stripe's answer cannot be read.") from error


def _state(intent: _Object) -> ProviderAnswer:
    """Return what the status of a PaymentIntent means. Raises: ProviderUnavailable."""
    if intent.status in _AUTHORIZED:
        return Done(intent.id, intent.card_token)
    if intent.status in _FAILED:
        fault = intent.last_payment_error or _Fault(code=intent.status)
        return fault.declined()
    raise ProviderUnavailable(f"The payment is {intent.status}.")


def _closed(made: _Object, done: str) -> ProviderAnswer:
    """Return whether a cancellation or a refund came about. Raises: ProviderUnavailable."""
    if done == "canceled" and made.status != "canceled":
        raise ProviderUnavailable(f"The payment is {made.status}.")
    if made.status == "failed":
        return Declined("refund_failed", "Stripe could not refund it.")
    return Done(made.id)
