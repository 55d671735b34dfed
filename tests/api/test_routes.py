"""Who may call what: a reviewed row for every route, and what keys, names and repetitions mean."""

import asyncio
import hashlib
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from omniretail import channels, clock
from omniretail.api.keyed import IdempotencyKeyInvalid, parse
from omniretail.app import create_app
from omniretail.channels import KINDS
from omniretail.settings import Settings
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.conftest import started

# Read it as a reviewer: each key with the scopes it is made with unless others are named. A row
# says who is let in; all others get 403, and who brings no key gets 401.
REVIEWED = """
GET     /v1/accounts/{account_id}                                        staff  integration
POST    /v1/accounts/{account_id}/adjustments                                   integration
GET     /v1/accounts/{account_id}/entries                                staff  integration
POST    /v1/accounts/{account_id}/status                                        integration
GET     /v1/audit                                                               integration
GET     /v1/availability                              terminal  channel  staff  integration
GET     /v1/carts                                     terminal  channel  staff  integration
POST    /v1/carts                                     terminal  channel  staff  integration
GET     /v1/carts/{cart_id}                           terminal  channel  staff  integration
PATCH   /v1/carts/{cart_id}                           terminal  channel  staff  integration
POST    /v1/carts/{cart_id}/hold                      terminal  channel  staff  integration
DELETE  /v1/carts/{cart_id}/hold                      terminal  channel  staff  integration
POST    /v1/carts/{cart_id}/merge                     terminal  channel  staff  integration
GET     /v1/carts/{cart_id}/timeline                  terminal  channel  staff  integration
GET     /v1/channels                                  terminal  channel  staff  integration
PUT     /v1/channels/{code}                                                     integration
GET     /v1/channels/{code}/return-policy             terminal  channel  staff  integration
PUT     /v1/channels/{code}/return-policy                                       integration
GET     /v1/channels/{code}/stock-policy              terminal  channel  staff  integration
PUT     /v1/channels/{code}/stock-policy                                        integration
GET     /v1/claims                                    terminal  channel  staff  integration
POST    /v1/claims                                    terminal  channel  staff  integration
GET     /v1/claims/{claim_id}                         terminal  channel  staff  integration
POST    /v1/claims/{claim_id}/approval                                   staff  integration
POST    /v1/claims/{claim_id}/denial                                     staff  integration
POST    /v1/claims/{claim_id}/resolution                                 staff  integration
GET     /v1/claims/{claim_id}/timeline                terminal  channel  staff  integration
POST    /v1/coupon-claims                             terminal  channel         integration
GET     /v1/coupon-claims/{claim_id}                  terminal  channel         integration
DELETE  /v1/coupon-claims/{claim_id}                  terminal  channel         integration
PUT     /v1/coupons                                                             integration
GET     /v1/coupons/{code}                            terminal  channel  staff  integration
PUT     /v1/coupons/{code}                                                      integration
GET     /v1/customers                                 terminal  channel  staff  integration
POST    /v1/customers                                 terminal  channel  staff  integration
POST    /v1/customers/merges/{merge_id}/undoing                                 integration
POST    /v1/customers/searches                        terminal  channel  staff  integration
GET     /v1/customers/{customer_id}                   terminal  channel  staff  integration
PATCH   /v1/customers/{customer_id}                   terminal  channel  staff  integration
GET     /v1/customers/{customer_id}/consents          terminal  channel  staff  integration
POST    /v1/customers/{customer_id}/consents          terminal  channel  staff  integration
POST    /v1/customers/{customer_id}/erasure                                     integration
GET     /v1/customers/{customer_id}/export                                      integration
POST    /v1/customers/{customer_id}/identities        terminal  channel  staff  integration
POST    /v1/customers/{customer_id}/identity-removals terminal  channel  staff  integration
POST    /v1/customers/{customer_id}/merge                                       integration
GET     /v1/customers/{customer_id}/merges                                      integration
GET     /v1/customers/{customer_id}/notes             terminal  channel  staff  integration
POST    /v1/customers/{customer_id}/notes             terminal  channel  staff  integration
GET     /v1/customers/{customer_id}/segments                                    integration
GET     /v1/customers/{customer_id}/timeline          terminal  channel  staff  integration
GET     /v1/exports/{kind}                                                      integration
GET     /v1/fulfillments                              terminal  channel  staff  integration
GET     /v1/fulfillments/{fulfillment_id}             terminal  channel  staff  integration
POST    /v1/fulfillments/{fulfillment_id}/arrival     terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/collector   terminal  channel         integration
POST    /v1/fulfillments/{fulfillment_id}/curbside    terminal  channel         integration
POST    /v1/fulfillments/{fulfillment_id}/deadline    terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/delivery    terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/handover    terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/hold        terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/packing     terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/picking     terminal           staff  integration
GET     /v1/fulfillments/{fulfillment_id}/pickup-code terminal  channel         integration
POST    /v1/fulfillments/{fulfillment_id}/readiness   terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/release     terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/rejection   terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/shipment    terminal           staff  integration
POST    /v1/fulfillments/{fulfillment_id}/sourcing    terminal           staff  integration
GET     /v1/fulfillment-policies/{location}           terminal  channel  staff  integration
PUT     /v1/fulfillment-policies/{location}                                     integration
POST    /v1/gift-cards                                                          integration
POST    /v1/gift-cards/balance                        terminal  channel         integration
POST    /v1/holds                                     terminal  channel  staff  integration
GET     /v1/holds/{hold_id}                           terminal  channel  staff  integration
PATCH   /v1/holds/{hold_id}                           terminal  channel  staff  integration
DELETE  /v1/holds/{hold_id}                           terminal  channel  staff  integration
POST    /v1/imports/{kind}                                                      integration
POST    /v1/exchanges                                 terminal  channel         integration
POST    /v1/exchanges/preview                         terminal  channel         integration
GET     /v1/location-groups                           terminal  channel  staff  integration
GET     /v1/location-groups/{code}                    terminal  channel  staff  integration
PUT     /v1/location-groups/{code}                                              integration
GET     /v1/locations                                 terminal  channel  staff  integration
GET     /v1/locations/{code}                          terminal  channel  staff  integration
PUT     /v1/locations/{code}                                                    integration
GET     /v1/loyalty/accounts                          terminal  channel  staff  integration
POST    /v1/loyalty/accounts                          terminal  channel  staff  integration
GET     /v1/loyalty/accounts/{account_id}             terminal  channel  staff  integration
POST    /v1/loyalty/accounts/{account_id}/adjustments                           integration
GET     /v1/loyalty/accounts/{account_id}/entries     terminal  channel  staff  integration
POST    /v1/loyalty/accounts/{account_id}/gifts       terminal  channel  staff  integration
GET     /v1/loyalty/accounts/{account_id}/holds       terminal  channel  staff  integration
POST    /v1/loyalty/accounts/{account_id}/holds       terminal  channel  staff  integration
GET     /v1/loyalty/accounts/{account_id}/lots        terminal  channel  staff  integration
POST    /v1/loyalty/accounts/{account_id}/member-removals terminal  channel  staff  integration
POST    /v1/loyalty/accounts/{account_id}/members     terminal  channel  staff  integration
POST    /v1/loyalty/accounts/{account_id}/merges                                integration
POST    /v1/loyalty/gifts/{gift_id}/return            terminal  channel  staff  integration
GET     /v1/loyalty/holds/{hold_id}                   terminal  channel  staff  integration
DELETE  /v1/loyalty/holds/{hold_id}                   terminal  channel  staff  integration
GET     /v1/loyalty/liability                                                   integration
POST    /v1/loyalty/merges/{merge_id}/undoing                                   integration
GET     /v1/loyalty/programme                         terminal  channel  staff  integration
GET     /v1/loyalty/programmes                        terminal  channel  staff  integration
POST    /v1/loyalty/programmes                                                  integration
GET     /v1/loyalty/reviews                                                     integration
POST    /v1/loyalty/reviews/{review_id}/decision                                integration
GET     /v1/order-exceptions                          terminal  channel  staff  integration
POST    /v1/order-exceptions/{exception_id}/closing   terminal           staff  integration
GET     /v1/orders                                    terminal  channel  staff  integration
POST    /v1/orders                                    terminal  channel         integration
GET     /v1/orders/{order_id}                         terminal  channel  staff  integration
POST    /v1/orders/searches                           terminal  channel  staff  integration
POST    /v1/orders/{order_id}/cancellation            terminal  channel         integration
POST    /v1/orders/{order_id}/captures                terminal  channel         integration
POST    /v1/orders/{order_id}/edits                   terminal  channel         integration
POST    /v1/orders/{order_id}/edits/preview           terminal  channel         integration
GET     /v1/orders/{order_id}/payments                terminal  channel  staff  integration
POST    /v1/orders/{order_id}/payments                terminal  channel         integration
GET     /v1/orders/{order_id}/points                  terminal  channel  staff  integration
POST    /v1/orders/{order_id}/points-claim            terminal  channel  staff  integration
POST    /v1/orders/{order_id}/price-adjustments
POST    /v1/orders/{order_id}/refunds                 terminal  channel         integration
GET     /v1/orders/{order_id}/timeline                terminal  channel  staff  integration
POST    /v1/payment-callbacks/{provider}              everybody
POST    /v1/payments                                  terminal  channel         integration
GET     /v1/payments/{payment_id}                     terminal  channel         integration
POST    /v1/payments/{payment_id}/void                terminal  channel         integration
GET     /v1/price-history                             terminal  channel  staff  integration
GET     /v1/price-lists                               terminal  channel  staff  integration
GET     /v1/price-lists/{code}                        terminal  channel  staff  integration
PUT     /v1/price-lists/{code}                                                  integration
PUT     /v1/price-lists/{code}/prices                                           integration
GET     /v1/price-lists/{code}/prices/{sku}           terminal  channel  staff  integration
GET     /v1/currencies                                terminal  channel  staff  integration
GET     /v1/currencies/{code}                         terminal  channel  staff  integration
PUT     /v1/currencies/{code}                                                   integration
GET     /v1/tax-rates                                 terminal  channel  staff  integration
PUT     /v1/tax-rates                                                           integration
GET     /v1/promotions                                terminal  channel  staff  integration
GET     /v1/promotions/{code}                         terminal  channel  staff  integration
PUT     /v1/promotions/{code}                                                   integration
POST    /v1/quotes                                    terminal  channel         integration
POST    /v1/quotes/check                              terminal  channel         integration
GET     /v1/quotes/keys                               everybody
GET     /v1/segments                                                            integration
GET     /v1/segments/{segment}                                                  integration
PUT     /v1/segments/{segment}                                                  integration
GET     /v1/segments/{segment}/customers                                        integration
GET     /v1/skus                                      terminal  channel  staff  integration
GET     /v1/skus/{sku}                                terminal  channel  staff  integration
PUT     /v1/skus/{sku}                                                          integration
GET     /v1/returns                                   terminal  channel  staff  integration
POST    /v1/returns                                   terminal  channel  staff  integration
GET     /v1/returns/{return_id}                       terminal  channel  staff  integration
POST    /v1/returns/{return_id}/approval                                        integration
POST    /v1/returns/{return_id}/cancellation          terminal  channel  staff  integration
POST    /v1/returns/{return_id}/dispositions          terminal           staff  integration
POST    /v1/returns/{return_id}/receipt               terminal           staff  integration
POST    /v1/returns/{return_id}/refund                terminal           staff  integration
GET     /v1/returns/{return_id}/timeline              terminal  channel  staff  integration
POST    /v1/sourcing/plans                            terminal  channel  staff  integration
GET     /v1/sourcing-policies/{channel}               terminal  channel  staff  integration
PUT     /v1/sourcing-policies/{channel}                                         integration
POST    /v1/stock/adjustments                                            staff  integration
GET     /v1/stock/lookup                              terminal  channel  staff  integration
GET     /v1/stock/lots                                terminal  channel  staff  integration
GET     /v1/stock/movements                           terminal  channel  staff  integration
GET     /v1/stock/expected-receipts                   terminal  channel  staff  integration
POST    /v1/stock/expected-receipts                                      staff  integration
POST    /v1/stock/expected-receipts/{expected_receipt_id}/cancellation    staff  integration
PUT     /v1/stock/safety-stock                                           staff  integration
PATCH   /v1/stock/movements/{movement_id}                                staff  integration
DELETE  /v1/stock/movements/{movement_id}                                staff  integration
GET     /v1/stock/serials/{sku}/{serial}              terminal  channel  staff  integration
GET     /v1/stock/valuation                                                     integration
GET     /v1/staff-pins                                                          integration
PUT     /v1/staff-pins/{code}                                                   integration
DELETE  /v1/staff-pins/{code}                                                   integration
DELETE  /v1/staff-pins/{code}/lock                                              integration
GET     /v1/stock/reasons                             terminal  channel  staff  integration
PUT     /v1/stock/reasons/{code}                                                integration
GET     /v1/stock/count-tasks                         terminal  channel  staff  integration
POST    /v1/stock/count-tasks                                            staff  integration
GET     /v1/stock/count-tasks/{task_id}               terminal  channel  staff  integration
POST    /v1/stock/count-tasks/{task_id}/closing                          staff  integration
POST    /v1/stock/count-tasks/{task_id}/counts                           staff  integration
POST    /v1/stock/count-tasks/{task_id}/review                           staff  integration
GET     /v1/stock/count-tasks/{task_id}/timeline      terminal  channel  staff  integration
GET     /v1/stock/counts                              terminal  channel  staff  integration
POST    /v1/stock/counts                                                 staff  integration
GET     /v1/stock/shortages                           terminal  channel  staff  integration
GET     /v1/stock/shortages/{shortage_id}             terminal  channel  staff  integration
POST    /v1/stock/shortages/{shortage_id}/closing                        staff  integration
POST    /v1/stock/set-asides                                             staff  integration
POST    /v1/stock/receipts                                               staff  integration
POST    /v1/store-credits                                                       integration
GET     /v1/transfers                                 terminal           staff  integration
POST    /v1/transfers                                                    staff  integration
GET     /v1/transfers/{transfer_id}                   terminal           staff  integration
POST    /v1/transfers/{transfer_id}/cancellation                         staff  integration
POST    /v1/transfers/{transfer_id}/discrepancies/{number}/closing staff  integration
POST    /v1/transfers/{transfer_id}/receipt                              staff  integration
POST    /v1/transfers/{transfer_id}/shipment                             staff  integration
GET     /v1/transfers/{transfer_id}/timeline          terminal           staff  integration
POST    /v1/unlinked-returns                          terminal  channel  staff  integration
GET     /v1/unlinked-returns/counters                 terminal  channel  staff  integration

GET     /docs                                         everybody
GET     /docs/openapi.json                            everybody
GET     /docs/oauth2-redirect.html                    everybody
GET     /docs/{path}                                  everybody
GET     /docs-assets/{name}                           everybody
GET     /healthz                                      everybody
GET     /problems/{code}                              everybody
GET     /readyz                                       everybody
"""
ROWS = {
    (method, path): allowed
    for method, path, *allowed in (row.split() for row in REVIEWED.splitlines() if row)
}
# Questions that an address cannot hold: they write nothing that could happen twice. Nor does a provider's
# message, which names the payment it is about.
ASKED_BY_POST = {
    "/v1/customers/searches",
    "/v1/exchanges/preview",
    "/v1/gift-cards/balance",
    "/v1/orders/searches",
    "/v1/orders/{order_id}/edits/preview",
    "/v1/payment-callbacks/{provider}",
    "/v1/quotes",
    "/v1/quotes/check",
    "/v1/sourcing/plans",
}
_SOME_ID = "0198c0de-0000-7000-8000-000000000000"


def routes(app: Litestar) -> set[tuple[str, str]]:
    """Every method and path that the application answers; OPTIONS is the framework's own."""
    return {
        (str(method), re.sub(r":\w+}", "}", route.path))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


async def test_every_route_has_a_reviewed_row(retailer: Retailer) -> None:
    assert routes(retailer.app) == set(ROWS)


async def test_who_may_call(retailer: Retailer) -> None:
    """Every row is requested by every kind of caller, and by nobody: the table is what happens."""
    callers = {
        "terminal": retailer.till,
        "channel": retailer.web,
        "staff": retailer.staff,
        "integration": await retailer.caller("partner", "integration"),
    }
    assert set(callers) == set(KINDS)
    names = {"code": "S1", "sku": "A", "kind": "skus", "path": "x", "name": "swagger-ui.css"}
    names |= {"number": "1"}

    found = {}
    for method, path in ROWS:
        address = re.sub(r"{(\w+)}", lambda match: names.get(match[1], _SOME_ID), path)
        body: Any = {} if method in {"POST", "PUT"} else None
        if path.endswith("/handover"):
            # Without a code it takes a scope that no key has by default.
            body = {"code": "ABCD-EFGH"}
        nobody = (await retailer.http.request(method, address, json=body)).status_code
        statuses = {
            kind: (await caller.send(method, address, json=body)).status_code
            for kind, caller in callers.items()
        }
        assert max(statuses.values()) < 500
        assert 401 not in statuses.values(), (method, path)
        allowed = [kind for kind, status in statuses.items() if status != 403]
        everybody = nobody not in {401, 403} and len(allowed) == len(KINDS)
        assert everybody or nobody == 401, (method, path)
        found[method, path] = ["everybody"] if everybody else allowed

    assert found == ROWS


def _refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def test_keys_that_open_nothing(retailer: Retailer) -> None:
    """Revoked, unknown, mistyped: all the same answer, which tells a guesser nothing."""
    lost = await retailer.caller("lost", "integration")
    prefix, _, secret = lost.token.partition(".")
    await retailer.process.database.run(lambda tx: channels.revoke_key(tx, prefix, now=clock.now()))
    good, _, other = retailer.office.token.partition(".")

    answers = [
        await Caller(retailer.http, token).get("/v1/skus")
        for token in (
            lost.token,
            f"omni_000000000000.{secret}",
            f"{good}.{secret}",
            f"{good}.{other[:-1]}",
            f"{good}.{other}x",
            good,
            f"{good}.",
            f".{other}",
            other,
            f"{good}%.{other}",
        )
    ]

    assert {_refused(answer) for answer in answers} == {(401, "key_not_valid")}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_a_key_in_use_ends_when_it_is_revoked(retailer: Retailer, database_url: str) -> None:
    """A process may honor it for as long as its cache lasts, here for no time at all."""
    app = create_app(Settings(database_url=database_url, key_cache_seconds=0, log_level="error"))
    prefix = retailer.web.token.partition(".")[0]
    async with started(app):
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            caller = Caller(http, retailer.web.token)
            before = await caller.get("/v1/skus")
            await retailer.process.database.run(
                lambda tx: channels.revoke_key(tx, prefix, now=clock.now())
            )
            after = await caller.get("/v1/skus")
    assert (before.status_code, after.status_code) == (200, 401)


async def test_keys_are_never_stored_in_clear(retailer: Retailer) -> None:
    prefix, _, secret = retailer.office.token.partition(".")
    async with retailer.process.database.transaction() as tx:
        (stored,) = await tx.fetch(
            "select secret_hash, api_key::text as whole from api_key where prefix = $1", prefix
        )
    assert stored["secret_hash"] == hashlib.sha256(secret.encode()).digest()
    assert secret not in stored["whole"]
    assert secret.encode().hex() not in stored["whole"]


async def test_a_till_sells_over_its_own_counter_only(retailer: Retailer) -> None:
    """A till in S1 may promise what stands in S2, but not hand it out there."""
    await retailer.receive("A", S1=2, S2=2)
    elsewhere = served("carry_out", "S2", line("A", 1))
    promised = served("pickup", "S2", line("A", 1))

    assert _refused(await retailer.till.post("/v1/orders", order(elsewhere, paid=2000))) == (
        403,
        "location_bound",
    )
    assert (await retailer.till.post("/v1/orders", order(promised, paid=2000))).status_code == 201
    assert await retailer.level("A", "S2") == (2, 1, 1)


async def test_a_key_sells_in_its_own_channel_only(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    body = order(served("pickup", "S1", line("A", 1)), paid=2000) | {"channel": "pos"}

    assert _refused(await retailer.web.post("/v1/orders", body)) == (403, "channel_bound")


async def test_a_price_of_ones_own_needs_a_scope(retailer: Retailer) -> None:
    await retailer.receive("A", S1=2)
    money = {"amount": 1, "currency": "EUR"}
    cheap = served("pickup", "S1", line("A", 1, unit_price=money, price_reason="a friend"))

    assert _refused(await retailer.web.post("/v1/orders", order(cheap, paid=1))) == (
        403,
        "price_override_forbidden",
    )


async def test_a_channel_sees_its_own_orders_only(retailer: Retailer) -> None:
    """The answer for another channel's order is the one for an order that never was."""
    await retailer.receive("A", S1=1)
    sold = await retailer.till.post(
        "/v1/orders", order(served("carry_out", None, line("A", 1)), paid=2000)
    )
    placed = sold.json()

    for path in (f"/v1/orders/{placed['id']}", f"/v1/orders/{placed['id']}/timeline"):
        assert _refused(await retailer.web.get(path)) == (404, "unknown_order")
        assert (await retailer.till.get(path)).status_code == 200
    assert _refused(await retailer.web.get("/v1/orders", number=placed["number"])) == (
        404,
        "unknown_order",
    )
    assert _refused(
        await retailer.web.post(f"/v1/orders/{placed['id']}/cancellation", {"reason": "mine"})
    ) == (404, "unknown_order")
    assert (await retailer.web.get("/v1/orders")).json()["items"] == []


async def test_staff_act_in_their_own_store_only(retailer: Retailer) -> None:
    """Staff of S1 neither see nor hand over what waits in S2, and cannot adjust its stock."""
    await retailer.receive("A", S1=2, S2=2)
    placed = await retailer.web.post(
        "/v1/orders", order(served("pickup", "S2", line("A", 1)), paid=2000)
    )
    pickup = placed.json()["fulfillments"][0]["id"]

    handed = await retailer.staff.post(f"/v1/fulfillments/{pickup}/handover", {"code": "none"})
    queue = await retailer.staff.get("/v1/fulfillments", location="S2")
    lines = [
        {"sku": "A", "location": location, "change": -1, "reason": "damaged"}
        for location in ("S1", "S2")
    ]
    adjusted = await retailer.staff.post("/v1/stock/adjustments", {"lines": lines})
    whole = await retailer.staff.post(
        "/v1/stock/adjustments", {"lines": lines, "all_or_nothing": True}
    )

    assert _refused(handed) == (404, "unknown_fulfillment")
    assert _refused(queue) == (404, "unknown_location")
    assert [row["status"] for row in adjusted.json()["outcomes"]] == ["booked", "refused"]
    assert adjusted.json()["outcomes"][1]["problem"]["type"] == "/problems/location_not_yours"
    assert _refused(whole) == (403, "location_not_yours")
    assert await retailer.level("A", "S1") == (1, 0, 1)
    assert await retailer.level("A", "S2") == (2, 1, 1)


async def test_every_answer_names_its_request(retailer: Retailer) -> None:
    """The caller's own name comes back where it is one; otherwise each answer has a new one."""
    for name in ("till-7:42", "a.b_c-D", "x" * 64):
        answer = await retailer.http.get("/healthz", headers={"X-Request-Id": name})
        assert answer.headers["x-request-id"] == name
    made = [
        (await retailer.http.get("/v1/skus", headers=headers)).headers["x-request-id"]
        for headers in ({}, {}, {"X-Request-Id": "two words"}, {"X-Request-Id": "x" * 65})
    ]
    assert len(set(made)) == 4
    assert all(re.fullmatch(r"[0-9a-f-]{36}", name) for name in made)


def _stock(quantity: int, **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku": "A", "location": "S1", "quantity": quantity}], **more}


async def test_a_key_names_one_write(retailer: Retailer) -> None:
    """The same again is answered, not done; another body or path under the key is refused."""
    path = "/v1/stock/receipts"
    first = await retailer.office.post(path, _stock(3), key="delivery-1")
    again = await retailer.office.post(path, _stock(3), key="delivery-1")
    quoted = await retailer.office.post(path, _stock(3), key='"delivery-1"')
    spelled = await retailer.office.post(path, _stock(3, all_or_nothing=False), key="delivery-1")
    other = await retailer.office.post(path, _stock(4), key="delivery-1")
    change = {"lines": [{"sku": "A", "location": "S1", "change": 3, "reason": "other"}]}
    elsewhere = await retailer.office.post("/v1/stock/adjustments", change, key="delivery-1")
    somebody = await retailer.staff.post(path, _stock(3), key="delivery-1")

    assert "idempotency-replayed" not in first.headers
    assert "idempotency-replayed" not in somebody.headers
    for answer in (again, quoted, spelled):
        assert (answer.status_code, answer.json()) == (201, first.json())
        assert answer.headers["idempotency-replayed"] == "true"
    assert _refused(other) == (422, "idempotency_key_reused")
    assert _refused(elsewhere) == (422, "idempotency_key_reused")
    assert await retailer.level("A", "S1") == (6, 0, 6)


async def test_every_write_by_post_needs_a_key(retailer: Retailer) -> None:
    await retailer.receive("A", S1=1)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000) | {"channel": "web"}
    whole = {
        "/v1/orders": wanted,
        "/v1/carts": {"channel": "web"},
        "/v1/customers": {},
        f"/v1/customers/{_SOME_ID}/consents": {"consents": [{"purpose": "sms", "granted": True}]},
        f"/v1/customers/{_SOME_ID}/erasure": {"reason": "asked"},
        f"/v1/customers/{_SOME_ID}/merge": {"source": str(_SOME_ID)},
        f"/v1/customers/merges/{_SOME_ID}/undoing": {},
        f"/v1/customers/{_SOME_ID}/identities": {"kind": "loyalty_card", "value": "1"},
        f"/v1/customers/{_SOME_ID}/identity-removals": {"kind": "loyalty_card", "value": "1"},
        f"/v1/customers/{_SOME_ID}/notes": {"text": "why not"},
        f"/v1/carts/{_SOME_ID}/hold": {},
        f"/v1/carts/{_SOME_ID}/merge": {"from": _SOME_ID},
        f"/v1/orders/{_SOME_ID}/cancellation": {"reason": "why not"},
        f"/v1/orders/{_SOME_ID}/points-claim": {"customer": "anna"},
        f"/v1/orders/{_SOME_ID}/captures": {},
        f"/v1/orders/{_SOME_ID}/refunds": {},
        f"/v1/orders/{_SOME_ID}/edits": {
            "reason": "why not",
            "lines": [{"line": 1, "quantity": 0}],
        },
        "/v1/exchanges": {
            "order": _SOME_ID,
            "lines": [{"line": 1, "quantity": 1, "reason": "too_small"}],
            "add": [served("pickup", "S1", line("A", 1))],
        },
        f"/v1/orders/{_SOME_ID}/payments": {"tender": 1},
        f"/v1/orders/{_SOME_ID}/price-adjustments": {
            "reason": "why not",
            "lines": [{"line": 1, "unit_price": euro(1)}],
        },
        "/v1/claims": {
            "order": _SOME_ID,
            "lines": [{"line": 1, "quantity": 1, "kind": "missing"}],
            "wish": "refund",
        },
        f"/v1/claims/{_SOME_ID}/approval": {},
        f"/v1/claims/{_SOME_ID}/denial": {"reason": "why not"},
        f"/v1/claims/{_SOME_ID}/resolution": {"resolution": "refund"},
        **{
            f"/v1/fulfillments/{_SOME_ID}/{step}": {}
            for step in (
                *("picking", "packing", "shipment", "delivery", "arrival", "readiness"),
                *("curbside", "handover", "release"),
            )
        },
        f"/v1/fulfillments/{_SOME_ID}/hold": {"reason": "other"},
        f"/v1/fulfillments/{_SOME_ID}/collector": {"name": "Bo"},
        f"/v1/fulfillments/{_SOME_ID}/deadline": {
            "collect_by": (clock.now() + timedelta(days=1)).isoformat()
        },
        f"/v1/fulfillments/{_SOME_ID}/rejection": {"reason": "no_variance"},
        f"/v1/fulfillments/{_SOME_ID}/sourcing": {},
        "/v1/returns": {
            "order": _SOME_ID,
            "lines": [{"line": 1, "quantity": 1, "reason": "too_small"}],
        },
        f"/v1/returns/{_SOME_ID}/approval": {},
        f"/v1/returns/{_SOME_ID}/receipt": {
            "location": "S1",
            "lines": [{"line": 1, "dispositions": [{"disposition": "sellable", "quantity": 1}]}],
        },
        f"/v1/returns/{_SOME_ID}/refund": {},
        f"/v1/returns/{_SOME_ID}/cancellation": {"reason": "kept after all"},
        f"/v1/returns/{_SOME_ID}/dispositions": {
            "line": 1,
            "quantity": 1,
            "from_disposition": "damaged",
            "to_disposition": "sellable",
        },
        "/v1/stock/receipts": _stock(1),
        "/v1/stock/adjustments": {
            "lines": [{"sku": "A", "location": "S1", "change": 1, "reason": "other"}]
        },
        "/v1/stock/counts": _stock(1),
        "/v1/stock/count-tasks": {"location": "S1", "skus": ["A"]},
        f"/v1/stock/count-tasks/{_SOME_ID}/counts": {"lines": [{"line": 1, "quantity": 1}]},
        f"/v1/stock/count-tasks/{_SOME_ID}/review": {"lines": [{"line": 1, "decision": "accept"}]},
        f"/v1/stock/count-tasks/{_SOME_ID}/closing": {},
        f"/v1/order-exceptions/{_SOME_ID}/closing": {"note": "paid back in cash"},
        f"/v1/stock/shortages/{_SOME_ID}/closing": {"note": "made good"},
        "/v1/stock/set-asides": {
            "lines": [
                {
                    "sku": "A",
                    "location": "S1",
                    "quantity": 1,
                    "to_state": "damaged",
                    "reason": "damaged",
                }
            ]
        },
        "/v1/holds": {"lines": [{"sku": "A", "location": "S1", "quantity": 1}], "channel": "web"},
        "/v1/coupon-claims": {"coupon": "SPRING"},
        "/v1/gift-cards": {"code": "GIFT-0001-0001", "amount": euro(1)},
        "/v1/store-credits": {"amount": euro(1)},
        "/v1/loyalty/programmes": {
            "programme": {
                "name": "Club",
                "time_zone": "UTC",
                "earn": {"per": [euro(100)]},
                "redeem": {"for": [euro(100)]},
            }
        },
        "/v1/payments": {"type": "card", "amount": euro(1), "method": "ok", "channel": "web"},
        f"/v1/payments/{_SOME_ID}/void": {},
        "/v1/loyalty/accounts": {"members": [_SOME_ID]},
        f"/v1/loyalty/accounts/{_SOME_ID}/adjustments": {"points": 1, "reason": "goodwill"},
        f"/v1/loyalty/accounts/{_SOME_ID}/gifts": {"to": _SOME_ID, "points": 1},
        f"/v1/loyalty/accounts/{_SOME_ID}/holds": {"points": 1},
        f"/v1/loyalty/accounts/{_SOME_ID}/member-removals": {"customer": _SOME_ID},
        f"/v1/loyalty/accounts/{_SOME_ID}/members": {"customer": _SOME_ID},
        f"/v1/loyalty/accounts/{_SOME_ID}/merges": {"source": _SOME_ID},
        f"/v1/loyalty/gifts/{_SOME_ID}/return": {},
        f"/v1/loyalty/merges/{_SOME_ID}/undoing": {},
        f"/v1/loyalty/reviews/{_SOME_ID}/decision": {"decision": "denied", "note": "a fraud"},
        f"/v1/accounts/{_SOME_ID}/adjustments": {"change": euro(1), "reason": "goodwill"},
        f"/v1/accounts/{_SOME_ID}/status": {"status": "blocked", "reason": "lost"},
        "/v1/stock/expected-receipts": {
            "lines": [
                {
                    "sku": "A",
                    "location": "S1",
                    "quantity": 1,
                    "expected_at": clock.now().isoformat(),
                }
            ]
        },
        f"/v1/stock/expected-receipts/{_SOME_ID}/cancellation": {},
        "/v1/imports/skus": {},
        "/v1/transfers": {
            "source": "WH",
            "destination": "S1",
            "lines": [{"sku": "A", "quantity": 1}],
        },
        f"/v1/transfers/{_SOME_ID}/shipment": {},
        f"/v1/transfers/{_SOME_ID}/receipt": {},
        f"/v1/transfers/{_SOME_ID}/cancellation": {"reason": "why not"},
        f"/v1/transfers/{_SOME_ID}/discrepancies/1/closing": {"resolution": "lost"},
        "/v1/unlinked-returns": {
            "customer": "ann",
            "lines": [{"sku": "A", "quantity": 1, "reason": "unwanted"}],
            "channel": "web",
            "location": "S1",
        },
    }
    writing = [path for method, path in ROWS if method == "POST" and path not in ASKED_BY_POST]
    assert len(whole) == len(writing)
    for path, body in whole.items():
        answer = await retailer.office.send("POST", path, json=body)
        assert _refused(answer) == (400, "idempotency_key_missing"), path


async def test_a_refused_write_is_judged_anew(retailer: Retailer) -> None:
    """A refusal uses up no key: once there is stock, the same request under the same key is taken."""
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    refused = await retailer.web.post("/v1/orders", wanted, key="cart-1")
    await retailer.receive("A", S1=1)
    taken = await retailer.web.post("/v1/orders", wanted, key="cart-1")

    assert _refused(refused) == (409, "insufficient_stock")
    assert taken.status_code == 201
    assert "idempotency-replayed" not in taken.headers


async def test_one_key_at_once(retailer: Retailer) -> None:
    """Ten at the same moment under one key are one order; a different one among them is refused."""
    await retailer.receive("A", S1=9)
    wanted = order(served("pickup", "S1", line("A", 1)), paid=2000)
    other = order(served("pickup", "S1", line("A", 2)), paid=4000)
    answers = await asyncio.gather(
        *(retailer.web.post("/v1/orders", wanted, key="cart-1") for _ in range(10)),
        retailer.web.post("/v1/orders", other, key="cart-1"),
    )
    assert {answer.status_code for answer in answers[:10]} == {201}
    assert len({answer.content for answer in answers[:10]}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers[:10]) == 9
    assert _refused(answers[10]) == (422, "idempotency_key_reused")
    assert await retailer.level("A", "S1") == (9, 1, 8)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("k", "k"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"k"', "k"),
        ('  "k"  ', "k"),
        ('"two words"', "two words"),
        (r'"say \"hello\""', 'say "hello"'),
        (r'"C:\\carts\\1"', r"C:\carts\1"),
        (r'"\\\""', r"\""),
        ("x" * 255, "x" * 255),
        (f'"{"x" * 255}"', "x" * 255),
        ('a"b', 'a"b'),
        ("key;p=1", "key;p=1"),
    ],
)
def test_a_key_can_be_read(header: str, key: str) -> None:
    assert parse(header) == key


@pytest.mark.parametrize(
    "header",
    [
        "",
        "   ",
        '"',
        '""',
        '"open',
        'shut"x"y z',
        '"one" "two"',
        '"in"side"',
        r'"ends in a backslash\"',
        r'"no such escape: \n"',
        '"tab\there"',
        '"line\nend"',
        "two words",
        "key\x00",
        "\x7f",
        "clé",
        '"clé"',
        '"key";p=1',
        "x" * 256,
        f'"{"x" * 256}"',
    ],
)
def test_a_key_that_cannot_be_read(header: str) -> None:
    with pytest.raises(IdempotencyKeyInvalid):
        parse(header)


async def test_a_path_that_is_no_text_names_no_sku(retailer: Retailer) -> None:
    answer = await retailer.office.put("/v1/skus/%ff", {"name": "bytes"})

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid")
    assert (await retailer.office.get("/v1/skus", q="bytes")).json()["items"] == []
