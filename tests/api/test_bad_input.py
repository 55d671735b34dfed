"""Whatever a client sends: a problem it can read, never a fault of ours, and the books as they were."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail import clock, imports, pricing
from tests.callers import Caller, Retailer, euro, line, order, served
from tests.live import Live
from tests.orders.buying import HOME

untouched = pytest.mark.usefixtures("books_untouched")

_keys = itertools.count(1)
_NOBODY = UUID(int=7)
_SOMEBODY = "01980000-0000-7000-8000-000000000001"
_TABLES = (
    *("cart", "hold", "hold_line"),
    *("channel", "location", "sku", "sku_barcode", "price_list", "price", "price_book"),
    *("stock_level", "stock_movement", "sales_order", "order_line", "fulfillment", "tender"),
    *("capture", "parcel"),
    *("refund", "event", "idempotency_key", "api_key", "location_group", "location_group_member"),
    *("tax_rate", "currency", "channel_stock_policy", "channel_sku_threshold", "expected_receipt"),
    *("transfer", "transfer_line", "transfer_discrepancy"),
    *("promotion", "coupon", "usage", "usage_count"),
    *("count_task", "count_task_line", "stock_count", "shortage"),
    *("loyalty_account", "loyalty_member", "loyalty_lot", "loyalty_entry", "loyalty_hold"),
    *("loyalty_gift", "loyalty_merge", "loyalty_review"),
    *("payment_account", "account_entry", "payment", "payment_operation", "sandbox_charge"),
    *("sourcing_policy", "fulfillment_policy", "rejection", "order_exception", "staff_pin"),
    "loyalty_programme",
    *("customer", "customer_identity", "customer_consent", "customer_note"),
    *("return_policy", "sales_return", "return_line", "return_grading", "claim", "claim_line"),
)
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")


def bodies() -> dict[tuple[str, str], dict[str, Any]]:
    """A valid body, with every optional field, for every route that takes JSON."""
    now = clock.now().isoformat()
    step = {"lines": [{"line": 1, "quantity": 1, "serials": ["s-1"]}], "occurred_at": now}
    priced = line("A", 1, unit_price=euro(2000), price_reason="a scratch")
    edit = {
        "reason": "they asked",
        "lines": [{"line": 1, "quantity": 0}],
        "add": [
            served("pickup", "S1", priced),
            served("ship_to_store", "WH", priced) | {"destination": "S1", "prefer": "WH"},
        ],
        "version": 1,
    }
    return {
        ("POST", "/v1/orders"): {
            **order(served("pickup", "S1", priced), paid=2000),
            "channel": "web",
            "placed_at": now,
            "customer": "ann",
            "customer_groups": ["gold"],
            "region": "NL",
            "shipping": {"price": euro(0), "tax_class": "standard"},
            "email": "ann@example.com",
        },
        # Other ways to order; what is asked after a path makes no difference.
        ("POST", "/v1/orders?sent"): {
            "fulfillments": [
                served("ship", None, line("A", 1)) | {"prefer": "S1"},
                served("ship_to_store", None, line("A", 1)) | {"destination": "S2"},
            ],
            "tenders": [{"type": "bank_transfer", "amount": euro(4000), "awaited": True}],
            "channel": "web",
            "ship_to": HOME,
        },
        ("POST", f"/v1/orders?{_NOBODY}"): {
            "cart": str(_NOBODY),
            "tenders": [
                {"type": "card", "amount": euro(1500), "payment": str(_NOBODY)},
                {"type": "gift_card", "amount": euro(500), "account": "0000-0000-0000-0000"},
                {"type": "card", "amount": euro(1), "reference": "p-1", "card_token": "card-1"},
            ],
            "channel": "web",
            "hold": str(_NOBODY),
            "ship_to": HOME,
        },
        ("POST", "/v1/orders/searches"): {
            "customer": "ann",
            "email": "ann@example.com",
            "card_token": "card-1",
            "number": "261122-7K3M9QXW",
            "serial": "s-1",
            "sku": "A",
            "since": now,
            "until": now,
            "limit": 20,
            "cursor": None,
        },
        ("POST", "/v1/carts"): {
            "lines": [{"sku": "A", "quantity": 1, "kind": "pickup", "location": "S1"}],
            "channel": "web",
            "customer": "ann",
            "customer_groups": ["gold"],
            "region": "NL",
            "coupons": ["SPRING"],
            "shipping": {"price": euro(499), "tax_class": "standard", "tax_included": True},
            "ship_to": HOME,
            "email": "ann@example.com",
            "note": "a gift",
        },
        ("PATCH", f"/v1/carts/{_NOBODY}"): {
            "lines": [
                {"line": 1, "quantity": 0},
                {"sku": "A", "kind": "ship", "location": "WH", "add": 1},
            ],
            "customer": "ann",
            "customer_groups": ["gold"],
            "region": "NL",
            "coupons": ["SPRING"],
            "shipping": {"price": euro(499)},
            "ship_to": HOME,
            "email": "ann@example.com",
            "note": "a gift",
        },
        ("POST", f"/v1/carts/{_NOBODY}/hold"): {"seconds": 60},
        ("POST", f"/v1/carts/{_NOBODY}/merge"): {"from": str(_NOBODY), "strategy": "keep_guest"},
        ("POST", f"/v1/orders/{_NOBODY}/points-claim"): {"customer": "anna"},
        ("POST", f"/v1/orders/{_NOBODY}/cancellation"): {
            "reason": "no longer wanted",
            "lines": [{"line": 1, "quantity": 1}],
        },
        ("POST", f"/v1/orders/{_NOBODY}/edits"): edit
        | {
            "tenders": [
                {"type": "card", "amount": euro(2000), "reference": "p-1"},
                {"type": "bank_transfer", "amount": euro(1), "awaited": True},
                {"type": "gift_card", "amount": euro(1), "account": "GIFT-0001-0001"},
                {"type": "ewallet", "amount": euro(1), "payment": str(_NOBODY)},
            ],
        },
        ("POST", f"/v1/orders/{_NOBODY}/edits/preview"): edit,
        ("POST", f"/v1/exchanges?{_NOBODY}"): {
            "order": str(_NOBODY),
            "lines": [
                {
                    "line": 1,
                    "quantity": 2,
                    "reason": "too_small",
                    "dispositions": [
                        {
                            "disposition": "sellable",
                            "quantity": 2,
                            "serials": ["s-1", "s-2"],
                            "lot": "L-1",
                        }
                    ],
                }
            ],
            "add": edit["add"],
            "tenders": [{"type": "card", "amount": euro(2000), "reference": "p-1"}],
            "refund": {"method": "store_credit", "account": str(_NOBODY)},
            "received": True,
            "location": "S1",
            "override": {"reason": "a regular customer"},
            "approval": {"staff": "maria", "pin": "4711"},
            "note": "a gift",
            "version": 1,
        },
        ("POST", f"/v1/exchanges?ahead={_NOBODY}"): {
            "order_number": "261122-7K3M9QXW",
            "lines": [{"line": 1, "quantity": 1, "reason": "too_small"}],
            "add": [served("ship", None, line("A", 1))],
        },
        ("POST", f"/v1/exchanges/preview?{_NOBODY}"): {
            "order": str(_NOBODY),
            "lines": [{"line": 1, "quantity": 1, "reason": "too_small"}],
            "add": edit["add"],
            "method": "store_credit",
            "version": 1,
        },
        ("POST", f"/v1/orders/{_NOBODY}/payments"): {"tender": 1, "reference": "bank-7"},
        ("POST", f"/v1/orders/{_NOBODY}/captures"): {"amount": euro(1), "tender": 1},
        ("POST", f"/v1/orders/{_NOBODY}/refunds"): {"method": "cash"},
        ("POST", f"/v1/orders/{_NOBODY}/price-adjustments"): {
            "reason": "price match",
            "lines": [{"line": 1, "unit_price": euro(1)}],
        },
        ("POST", f"/v1/order-exceptions/{_NOBODY}/closing"): {"note": "paid back in cash"},
        ("POST", f"/v1/fulfillments/{_NOBODY}/picking"): {"occurred_at": now},
        ("POST", f"/v1/fulfillments/{_NOBODY}/packing"): {"occurred_at": now},
        ("POST", f"/v1/fulfillments/{_NOBODY}/shipment"): {
            **step,
            "carrier": "DHL",
            "tracking_number": "JD01",
            "tracking_url": "https://track.example/JD01",
        },
        ("POST", f"/v1/fulfillments/{_NOBODY}/delivery"): {
            "parcel": str(_NOBODY),
            "occurred_at": now,
        },
        ("POST", f"/v1/fulfillments/{_NOBODY}/arrival"): {"occurred_at": now},
        ("POST", f"/v1/fulfillments/{_NOBODY}/hold"): {"reason": "bad_address", "note": "moved"},
        ("POST", f"/v1/fulfillments/{_NOBODY}/release"): {"hold": str(_NOBODY)},
        ("POST", f"/v1/fulfillments/{_NOBODY}/readiness"): {"occurred_at": now},
        ("POST", f"/v1/fulfillments/{_NOBODY}/handover"): {
            **step,
            "name": "Ann",
            "code": "7K3M-9QXW",
            "signature_reference": "scan-17",
        },
        ("POST", f"/v1/fulfillments/{_NOBODY}/collector"): {"name": "Bo"},
        ("POST", f"/v1/fulfillments/{_NOBODY}/curbside"): {"spot": "bay 4"},
        ("POST", f"/v1/fulfillments/{_NOBODY}/deadline"): {
            "collect_by": (clock.now() + timedelta(days=3)).isoformat()
        },
        ("POST", f"/v1/fulfillments/{_NOBODY}/rejection"): {
            "reason": "damaged",
            "lines": [{"line": 1, "quantity": 1, "lot": "L1"}],
            "note": "the box is wet",
            "collateral": False,
        },
        ("POST", f"/v1/fulfillments/{_NOBODY}/sourcing"): {"location": "WH"},
        ("POST", "/v1/stock/receipts"): {
            "lines": [
                {
                    "sku": "A",
                    "location": "S1",
                    "quantity": 1,
                    "reason": "found",
                    "occurred_at": now,
                }
            ],
            "all_or_nothing": True,
        },
        ("POST", "/v1/stock/adjustments"): {
            "lines": [
                {
                    "sku": "A",
                    "location": "S1",
                    "change": 1,
                    "reason": "count_correction",
                    "occurred_at": now,
                }
            ],
            "all_or_nothing": True,
        },
        ("POST", "/v1/stock/counts"): {
            "lines": [
                {"sku": "A", "location": "S3", "quantity": 1, "expected": 0, "occurred_at": now}
            ],
            "all_or_nothing": True,
        },
        ("POST", "/v1/stock/count-tasks"): {
            "location": "S1",
            "skus": ["A", "B"],
            "lines": [{"sku": "C"}],
            "assigned_to": "Ada",
            "review_threshold": 2,
            "due_at": now,
            "note": "before the sale",
        },
        ("POST", f"/v1/stock/count-tasks/{_NOBODY}/counts"): {
            "lines": [{"line": 1, "quantity": 1, "expected": 1, "occurred_at": now}]
        },
        ("POST", f"/v1/stock/count-tasks/{_NOBODY}/review"): {
            "lines": [{"line": 1, "decision": "accept"}],
            "note": "looked again",
        },
        ("POST", f"/v1/stock/count-tasks/{_NOBODY}/closing"): {},
        ("POST", f"/v1/stock/shortages/{_NOBODY}/closing"): {"note": "made good"},
        ("PUT", "/v1/skus/N1"): {
            "name": "New",
            "tax_class": "standard",
            "categories": ["shirts", "summer"],
            "status": "active",
            "barcodes": [{"code": "4006381333931", "kind": "gtin"}],
            "ordering": {"policy": "pre_order", "limit": 3, "ships_at": now},
        },
        ("PUT", "/v1/skus/N2"): {"name": "New", "tracking": "serial"},
        ("PUT", "/v1/skus/N3"): {
            "name": "New",
            "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
        },
        ("PUT", "/v1/locations/N1"): {
            "name": "New",
            "kind": "store",
            "time_zone": "UTC",
            "latitude": 52.5,
            "longitude": 13.4,
            "capabilities": ["pickup"],
            "status": "active",
            "safety_stock": 2,
            "region": "DE",
        },
        ("PUT", "/v1/location-groups/n1"): {"name": "New", "locations": ["S1", "WH"]},
        ("PUT", f"/v1/staff-pins/{_NOBODY}"): {"key": "omni_0123456789ab", "pin": "4711"},
        ("PUT", "/v1/channels/n1"): {
            "name": "New",
            "kind": "mobile",
            "currency": "EUR",
            "region": "DE",
        },
        ("PUT", "/v1/channels/n1/stock-policy"): {
            "pool": "n1",
            "threshold": 3,
            "sku_thresholds": [{"sku": "A", "threshold": 1}],
        },
        ("PUT", "/v1/stock/safety-stock"): {
            "lines": [{"sku": "A", "location": "S1", "quantity": 1}],
            "all_or_nothing": True,
        },
        ("POST", "/v1/stock/expected-receipts"): {
            "lines": [
                {
                    "sku": "A",
                    "location": "S1",
                    "quantity": 1,
                    "expected_at": now,
                    "reference": "PO-1",
                }
            ],
            "all_or_nothing": True,
        },
        ("POST", f"/v1/stock/expected-receipts/{_NOBODY}/cancellation"): {},
        ("PUT", "/v1/price-lists/n1"): {
            "name": "New",
            "currency": "EUR",
            "priority": 5,
            "tax_included": False,
            "scope": {
                "customer": "C-1",
                "customer_group": "gold",
                "location": "S1",
                "region": "DE",
                "channel": "web",
            },
            "time_zone": "Europe/Amsterdam",
            "valid_from": "2026-03-01T00:00:00",
            "valid_until": "2099-03-01T00:00:00+01:00",
            "override_reason": "the store closes",
        },
        ("PUT", "/v1/price-lists/retail/prices"): {
            "prices": [
                {
                    "sku": "A",
                    "price": euro(2),
                    "valid_from": now,
                    "tiers": [{"from_quantity": 10, "price": euro(1)}],
                }
            ]
        },
        ("PUT", "/v1/tax-rates"): {
            "rates": [
                {"tax_class": "reduced", "region": "DE", "rate_ppm": 70_000, "valid_from": now},
                {"tax_class": "standard", "region": "", "rate_ppm": 190_000, "valid_from": now},
            ]
        },
        ("PUT", "/v1/currencies/IDR"): {
            "exponent": 0,
            "cash_step": 100,
            "rounding": "half_even",
            "tax_per": "unit",
        },
        ("PUT", "/v1/promotions/n1"): {
            "name": "New",
            "action": {
                "type": "threshold",
                "steps": [
                    {"minimum": euro(5000), "rate_ppm": 100_000, "amount": euro(100)},
                    {"minimum": euro(9000), "amount": euro(900)},
                ],
            },
            "status": "active",
            "priority": 5,
            "stackable": False,
            "exclusive_group": "spring",
            "stop": True,
            "currency": "EUR",
            "skus": ["A", "B"],
            "categories": ["shirts"],
            "customer_groups": ["gold"],
            "channels": ["web"],
            "locations": ["S1"],
            "override_reason": "the store opens",
            "minimum": euro(1000),
            "usage_limit": 100,
            "coupon_only": True,
            "time_zone": "Europe/Berlin",
            "valid_from": now,
            "valid_until": "9998-01-01T00:00:00",
            "hours": {
                "time_zone": "UTC",
                "days": [1, 7],
                "since": "08:00:00",
                "until": "12:00:00",
            },
        },
        ("PUT", "/v1/promotions/n2"): {
            "name": "New",
            "action": {
                "type": "bundle",
                "parts": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}],
                "amount": euro(2500),
            },
            "most_per_basket": 2,
            "coupon_only": True,
        },
        ("PUT", "/v1/coupons/N1"): {
            "promotion": "n2",
            "status": "active",
            "usage_limit": 1,
            "limit_per_customer": 1,
            "time_zone": "Europe/Berlin",
            "valid_from": now,
            "valid_until": "9998-01-01T00:00:00",
        },
        ("PUT", "/v1/coupons"): {
            "coupons": [
                {
                    "code": "N2",
                    "promotion": "n2",
                    "status": "active",
                    "usage_limit": 1,
                    "limit_per_customer": 1,
                    "time_zone": "UTC",
                    "valid_from": now,
                    "valid_until": "9998-01-01T00:00:00",
                }
            ]
        },
        ("POST", "/v1/gift-cards"): {
            "code": "GIFT-2026-ABCD",
            "amount": euro(5000),
            "customer": "ada",
            "expires_at": "9998-01-01T00:00:00Z",
        },
        ("POST", "/v1/gift-cards/balance"): {"code": "gift-2026-abcd"},
        ("POST", "/v1/store-credits"): {
            "amount": euro(0),
            "customer": "ada",
            "expires_at": "9998-01-01T00:00:00Z",
        },
        ("POST", f"/v1/accounts/{_NOBODY}/adjustments"): {
            "change": euro(-500),
            "reason": "goodwill",
        },
        ("POST", f"/v1/loyalty/accounts?for={_NOBODY}"): {"members": [str(_NOBODY)]},
        ("POST", f"/v1/loyalty/accounts/{_NOBODY}/adjustments"): {
            "points": 10,
            "reason": "goodwill",
            "expires_at": "2999-01-01T00:00:00Z",
        },
        ("POST", f"/v1/loyalty/accounts/{_NOBODY}/gifts"): {"to": str(_NOBODY), "points": 1},
        ("POST", f"/v1/loyalty/accounts/{_NOBODY}/holds"): {
            "points": 1,
            "seconds": 60,
            "channel": "web",
        },
        ("POST", f"/v1/loyalty/accounts/{_NOBODY}/member-removals"): {"customer": str(_NOBODY)},
        ("POST", f"/v1/loyalty/accounts/{_NOBODY}/members"): {"customer": str(_NOBODY)},
        ("POST", f"/v1/loyalty/accounts/{_NOBODY}/merges"): {
            "source": str(_NOBODY),
            "reason": "a household",
        },
        ("POST", f"/v1/loyalty/gifts/{_NOBODY}/return"): {},
        ("POST", f"/v1/loyalty/merges/{_NOBODY}/undoing"): {},
        ("POST", f"/v1/loyalty/reviews/{_NOBODY}/decision"): {
            "decision": "approved",
            "note": "a wedding",
        },
        ("POST", f"/v1/accounts/{_NOBODY}/status"): {"status": "blocked", "reason": "stolen"},
        ("POST", "/v1/loyalty/programmes"): {
            "programme": {
                "name": "Club",
                "time_zone": "Europe/Berlin",
                "earn": {
                    "points": 1,
                    "per": [euro(100)],
                    "tax_excluded": True,
                    "excluded_skus": ["GIFT-CARD"],
                    "excluded_categories": ["deposits"],
                    "rules": [
                        {
                            "code": "double",
                            "name": "Double on coffee",
                            "kind": "multiplier",
                            "percent": 200,
                            "skus": ["A"],
                            "categories": ["coffee"],
                            "channels": ["web"],
                            "tiers": ["gold"],
                            "valid_from": now,
                            "valid_to": "9998-01-01T00:00:00Z",
                        },
                        {
                            "code": "extra",
                            "name": "More for tea",
                            "kind": "rate",
                            "points": 1,
                            "per": [euro(50)],
                        },
                    ],
                    "pending_days": 14,
                    "most_a_day": 5_000,
                    "late_claim_days": 30,
                },
                "redeem": {
                    "points": 100,
                    "for": [euro(100)],
                    "least": 100,
                    "rewards": [
                        {"code": "mug", "name": "A mug", "points": 500, "coupon": "MUG"},
                    ],
                    "web_hold_seconds": 900,
                    "till_hold_seconds": 300,
                    "restored_days": 30,
                    "most_a_day": 3,
                },
                "lifetime_months": 24,
                "tiers": [
                    {
                        "code": "gold",
                        "name": "Gold",
                        "qualifying": 500,
                        "percent": 150,
                        "customer_group": "gold",
                    }
                ],
                "tier_period": {"kind": "rolling", "months": 12},
                "negative": "debt",
                "gift_hours": 24,
                "expected_redemption_ppm": 800_000,
                "most_members": 6,
            },
            "effective_from": "9998-01-01T00:00:00Z",
        },
        ("POST", "/v1/payments"): {
            "type": "card",
            "amount": euro(5000),
            "method": "ok",
            "cart": str(_NOBODY),
            "channel": "web",
        },
        ("POST", f"/v1/payments/{_NOBODY}/void"): {},
        ("POST", "/v1/coupon-claims"): {"coupon": "n2", "customer": "ada", "ttl_seconds": 60},
        ("POST", "/v1/quotes"): {
            "lines": [priced],
            "coupons": [],
            "channel": "web",
            "location": "S1",
            "customer": "anna",
            "customer_groups": ["gold"],
            "region": "north",
            "shipping": {"price": euro(499), "tax_class": "standard", "tax_included": True},
            "at": now,
            "explain": True,
        },
        ("PUT", "/v1/sourcing-policies/web"): {
            "rules": ["highest_stock", "proximity"],
            "max_distance_km": 100,
            "max_locations": 2,
            "cooling_off_hours": 24,
            "max_attempts": 2,
        },
        # What is asked after a path makes no difference; of an order that is not there nothing is claimed.
        ("POST", f"/v1/claims?{_NOBODY}"): {
            "order": str(_NOBODY),
            "lines": [{"line": 1, "quantity": 1, "kind": "damaged", "note": "a crack"}],
            "wish": "replacement",
            "resolution": {
                "resolution": "replacement",
                "fulfillment": {
                    "kind": "carry_out",
                    "location": "S1",
                    "serials": [{"line": 1, "serials": ["s-1"]}],
                },
            },
            "goods_back": True,
            "override": {"reason": "a good customer"},
            "approval": {"staff": "ann", "pin": "4711"},
            "note": "with a photo",
        },
        ("POST", f"/v1/claims/{_NOBODY}/approval"): {"goods_back": True},
        ("POST", f"/v1/claims/{_NOBODY}/denial"): {"reason": "worn"},
        ("POST", f"/v1/claims/{_NOBODY}/resolution"): {
            "resolution": "refund",
            "refund": {"method": "store_credit", "account": str(_NOBODY)},
        },
        ("PUT", "/v1/channels/web/return-policy"): {
            "window_days": 14,
            "category_windows": [
                {"category": "swimwear", "window_days": 0},
                {"category": "mattresses", "window_days": 100},
            ],
            "refund_by": "priority",
            "priority": ["card", "gift_card"],
            "refund_methods": {
                "cash": ["cash"],
                "card": ["store_credit", "card"],
                "ewallet": ["ewallet", "bank_transfer"],
                "bank_transfer": ["bank_transfer"],
                "gift_card": ["gift_card"],
                "store_credit": ["store_credit", "cash"],
            },
            "approval": "automatic",
            "refund_shipping": False,
            "claims_keep_goods": False,
            "claim_days": 730,
            "unlinked_limit": 0,
            "unlinked_days": 30,
            "unlinked_price_days": 60,
        },
        ("POST", f"/v1/unlinked-returns?{_NOBODY}"): {
            "customer": "ann",
            "lines": [
                {
                    "sku": "A",
                    "quantity": 2,
                    "reason": "unwanted",
                    "dispositions": [
                        {"disposition": "damaged", "quantity": 2, "serials": ["s-1"], "lot": "L1"}
                    ],
                    "unit_price": euro(1),
                }
            ],
            "channel": "web",
            "location": "S1",
            "received": True,
            "refunded": True,
            "account": str(_NOBODY),
            "override": {"reason": "a regular"},
            "approval": {"staff": "maria", "pin": "4711"},
            "note": "no box",
        },
        ("PUT", "/v1/fulfillment-policies/S1"): {
            "pickup_hours": 48,
            "reminder_hours": 12,
            "daily_capacity": 30,
        },
        ("POST", "/v1/sourcing/plans"): {
            "kind": "ship_to_store",
            "lines": [{"sku": "A", "quantity": 1}],
            "prefer": "WH",
            "point": {"latitude": 52.5, "longitude": 13.4},
            "destination": "S1",
            "channel": "web",
        },
        ("POST", "/v1/transfers"): {
            "source": "WH",
            "destination": "S1",
            "lines": [{"sku": "A", "quantity": 1}],
            "expected_at": now,
            "note": "for the sale",
        },
        ("POST", f"/v1/transfers/{_NOBODY}/shipment"): {
            "lines": [{"line": 1, "quantity": 1, "lot": "L1"}],
            "expected_at": now,
            "occurred_at": now,
        },
        ("POST", f"/v1/transfers/{_NOBODY}/receipt"): {
            "lines": [{"line": 1, "quantity": 1, "lot": "L1"}],
            "complete": True,
            "occurred_at": now,
        },
        ("POST", f"/v1/transfers/{_NOBODY}/discrepancies/1/closing"): {
            "resolution": "found",
            "location": "S1",
            "lot": "L1",
            "note": "behind the door",
        },
        ("POST", f"/v1/transfers/{_NOBODY}/cancellation"): {"reason": "not needed"},
        **_returns(),
        **_customers(now),
    }


def _customers(now: str) -> dict[tuple[str, str], dict[str, Any]]:
    profile: dict[str, Any] = {
        "given_name": "Ada",
        "family_name": "Byron",
        "birth_date": "1815-12-10",
        "locale": "en-GB",
        "customer_groups": ["vip"],
        "addresses": [HOME],
    }
    consent = {"purpose": "sms", "granted": True, "decided_at": now, "source": "a form"}
    number = {"kind": "phone", "value": "030 901820", "region": "DE"}
    app = {"kind": "app", "value": "sub-1", "issuer": "https://id.example.com"}
    one = f"/v1/customers/{_NOBODY}"
    return {
        ("POST", "/v1/customers"): {
            **profile,
            "identities": [number, app],
            "consents": [consent],
        },
        ("PATCH", one): profile,
        ("POST", f"{one}/identities"): number,
        ("POST", f"{one}/identity-removals"): app,
        ("POST", f"{one}/consents"): {"consents": [consent]},
        ("POST", f"{one}/notes"): {"text": "likes blue"},
        ("POST", f"{one}/merge"): {"source": _SOMEBODY, "reason": "the same phone"},
        ("POST", f"/v1/customers/merges/{_NOBODY}/undoing"): {},
        ("POST", f"{one}/erasure"): {"reason": "customer_request"},
        ("PUT", "/v1/segments/N1"): {
            "name": "Loyal",
            "rule": {
                "channels_any": ["web"],
                "channels_all": ["web", "pos"],
                "ordered_within_days": 30,
                "not_ordered_for_days": 7,
                "spend": {
                    "currency": "EUR",
                    "days": 365,
                    "at_least": euro(100),
                    "at_most": euro(200),
                },
                "orders": {"days": 365, "at_least": 1, "at_most": 9},
                "tiers": ["gold"],
                "groups": ["vip"],
                "consents": ["sms"],
            },
        },
        ("POST", "/v1/customers/searches"): {"identity": number, "limit": 1},
    }


def _returns() -> dict[tuple[str, str], dict[str, Any]]:
    graded = {"disposition": "sellable", "quantity": 1, "serials": ["s-1"], "lot": "L1"}
    override = {"reason": "a good customer"}
    approval = {"staff": "ann", "pin": "4711"}
    refund = {"method": "store_credit", "account": str(_NOBODY)}
    one = f"/v1/returns/{_NOBODY}"
    return {
        ("POST", f"/v1/returns?{_NOBODY}"): {
            "order": str(_NOBODY),
            "lines": [
                {"line": 1, "quantity": 1, "reason": "too_small", "dispositions": [graded]},
                {"line": 2, "quantity": 1, "reason": "broken"},
            ],
            "received": True,
            "location": "S1",
            "refund": refund,
            "refunded": True,
            "override": override,
            "note": "without its box",
            "approval": approval,
        },
        ("POST", f"/v1/returns?number={_NOBODY}"): {
            "order_number": "2026-NONE",
            "lines": [{"line": 1, "quantity": 1, "reason": "too_small"}],
        },
        ("POST", f"{one}/approval"): {},
        ("POST", f"{one}/receipt"): {
            "location": "S1",
            "lines": [{"line": 1, "dispositions": [graded]}],
        },
        ("POST", f"{one}/refund"): {
            "refund": refund,
            "lines": [{"line": 1, "quantity": 1}],
            "override": override,
            "approval": approval,
        },
        ("POST", f"{one}/cancellation"): {"reason": "kept after all"},
        ("POST", f"{one}/dispositions"): {
            "line": 1,
            "quantity": 1,
            "from_disposition": "damaged",
            "to_disposition": "sellable",
            "reason": "mended",
            "serials": ["s-1"],
            "lot": "L1",
        },
    }


ROUTES = list(bodies())
IMPORTS = [f"/v1/imports/{kind}" for kind in imports.KINDS]

# Bodies that no route takes.
UNREADABLE = {
    "empty": b"",
    "blank": b"  \n",
    "null": b"null",
    "array": b"[]",
    "number": b"1",
    "text": b'"x"',
    "true": b"true",
    "open brace": b"{",
    "open text": b'{"name": "x',
    "open key": b'{"na',
    "bad UTF-8": b'{"name": "\xff", "reason": "\xff", "channel": "\xff"}',
    "bad UTF-8 in a key": b'{"\xff": 1}',
    "UTF-8 of a surrogate": b'{"name": "\xed\xa0\x80", "reason": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "lone surrogate": rb'{"name": "\ud800", "reason": "\ud800", "channel": "\ud800"}',
    "raw NUL": b'{"name": "\x00", "reason": "\x00", "channel": "\x00"}',
    "NUL behind": b'{"name": "x"}\x00',
    "nested arrays": b"[" * 200_000,
    "nested arrays, closed": b"[" * 200_000 + b"]" * 200_000,
    "nested objects": b'{"x":' * 200_000,
    "nested in a field": b'{"lines":' + b"[" * 200_000,
    "NaN": b"NaN",
    "1e400": b"1e400",
    "many digits": b"1" + b"0" * 100_000,
    "two documents": b"{}{}",
    "comment": b"{} // really",
    "unknown field": b'{"surprise": 1}',
    "form": b"name=x",
    "zip bomb's head": b"\x1f\x8b\x08\x00",
}

# Values that no field takes: one is put in the place of each field in turn.
MISPLACED = {
    "NUL": r'"a\u0000b"',
    "object": '{"a": 1}',
    "1e400": "1e400",
    "many digits": "1" + "0" * 5_000,
    "mixed array": '[{"a": [1]}]',
}
# These are not JSON, wherever they stand.
NOT_JSON = {
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "leading zero": "01",
    "lone surrogate": r'"\ud800"',
    "half a surrogate pair": r'"\ud800\u0041"',
    "nested": "[" * 200_000,
}


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem document of an answer; it must be one by RFC 9457, for a client's fault."""
    assert 400 <= answer.status_code < 500, f"{answer.status_code}: {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    told: dict[str, Any] = json.loads(answer.content)
    assert re.fullmatch(r"/problems/[a-z_]+", told["type"])
    assert told["status"] == answer.status_code
    for member in ("title", "detail"):
        assert isinstance(told[member], str)
        assert told[member].strip()
    assert told.get("instance") is None
    for fault in told.get("errors", ()):
        assert set(fault) == {"pointer", "detail"}
        assert _POINTER.fullmatch(fault["pointer"])
        assert fault["detail"]
        assert "regex" not in fault["detail"]
    return told


async def books(retailer: Retailer) -> dict[str, str]:
    """What stands in every table, as a digest of all its rows."""
    found = {}
    async with retailer.process.database.transaction() as tx:
        for table in _TABLES:
            rows = await tx.fetch(
                f"select count(*) as many, md5(string_agg(t::text, ' ' order by t::text)) as digest "
                f"from {table} as t"
            )
            found[table] = f"{rows[0]['many']} {rows[0]['digest']}"
    return found


@pytest.fixture
async def books_untouched(retailer: Retailer) -> AsyncIterator[None]:
    """Fails a test that changed anything but by starting a server, which needs a key for quotes."""
    await retailer.process.database.run(lambda tx: pricing.ensure_signing_key(tx, now=clock.now()))
    before = await books(retailer)
    yield
    assert await books(retailer) == before


async def sent(
    caller: Caller, method: str, path: str, content: bytes, **headers: str
) -> httpx.Response:
    """Send bytes as JSON, under a new key unless the headers say otherwise."""
    given_headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": f"bad-{next(_keys)}",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.send(method, path, content=content, headers=given_headers)


def fields(body: Any, pointer: str = "") -> Iterator[str]:
    """The pointers of all fields, and of all items, below a value."""
    pairs: Any = body.items() if isinstance(body, dict) else enumerate(body)
    for name, value in pairs:
        yield f"{pointer}/{name}"
        if isinstance(value, dict | list):
            yield from fields(value, f"{pointer}/{name}")


def replaced(body: dict[str, Any], pointer: str, token: str) -> bytes:
    """The body as JSON with the value at a pointer replaced by other JSON, or by none."""
    copy: Any = json.loads(json.dumps(body))
    *way, last = pointer.split("/")[1:]
    place = copy
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = "@here@"
    return json.dumps(copy).replace('"@here@"', token).encode()


async def test_the_bodies_that_are_spoiled_below_are_good(retailer: Retailer) -> None:
    """A corpus of broken bodies proves something only if the whole ones are taken."""
    await retailer.receive("A", S1=3)
    for (method, path), body in bodies().items():
        answer = await sent(retailer.office, method, path, json.dumps(body).encode())
        if str(_NOBODY) in path:
            assert problem(answer)["type"].startswith("/problems/unknown_")
        else:
            assert answer.is_success, f"{path}: {answer.text}"


@untouched
async def test_a_body_that_cannot_be_read(retailer: Retailer) -> None:
    for method, path in ROUTES:
        for name, body in UNREADABLE.items():
            if name == "null" and path.endswith(("handover", "shipment", "/receipt")):
                continue
            answer = await sent(retailer.office, method, path, body)
            assert problem(answer)["status"] == 400, name
            assert answer.json()["type"] in {
                "/problems/malformed_request",
                "/problems/invalid",
            }


@untouched
async def test_a_body_cut_anywhere(retailer: Retailer) -> None:
    for method, path in ROUTES:
        whole = json.dumps(bodies()[method, path]).encode()
        for length in range(1, len(whole), 7):
            answer = await sent(retailer.office, method, path, whole[:length])
            assert problem(answer)["type"] == "/problems/malformed_request"


@untouched
async def test_a_wrong_value_is_pointed_at(retailer: Retailer) -> None:
    """Every field in turn takes a value it cannot have; the problem points at that very field."""
    for method, path in ROUTES:
        body = bodies()[method, path]
        for pointer in fields(body):
            for name, token in MISPLACED.items():
                answer = await sent(retailer.office, method, path, replaced(body, pointer, token))
                told = problem(answer)
                found = told.get("errors", [{}])[0].get("pointer", "nowhere")
                assert told["status"] == 400, (pointer, name, told)
                # An array of objects may be well-formed here and wrong further in.
                assert found == pointer or found.startswith(f"{pointer}/"), (pointer, name, told)
            for name, token in NOT_JSON.items():
                answer = await sent(retailer.office, method, path, replaced(body, pointer, token))
                assert problem(answer)["status"] == 400, (pointer, name)


@untouched
async def test_an_unknown_field_is_pointed_at(retailer: Retailer) -> None:
    for method, path in ROUTES:
        body = bodies()[method, path]
        for pointer in ["", *fields(body)]:
            inside: Any = body
            for step in pointer.split("/")[1:]:
                inside = inside[int(step) if isinstance(inside, list) else step]
            if not isinstance(inside, dict):
                continue
            token = json.dumps(inside | {"surprise": 1})
            spoiled = replaced(body, pointer, token) if pointer else token.encode()
            told = problem(await sent(retailer.office, method, path, spoiled))
            assert told["errors"] == [
                {
                    "pointer": f"{pointer}/surprise",
                    "detail": "Object contains unknown field `surprise`",
                }
            ]


@untouched
async def test_a_pointer_is_escaped(retailer: Retailer) -> None:
    """A name may hold what separates a pointer's steps (RFC 6901, section 3)."""
    for name, pointer in (
        ("a/b", "/a~1b"),
        ("~", "/~0"),
        ("~1", "/~01"),
        ("", "/"),
        ("a\n", "/a\n"),
    ):
        told = problem(
            await sent(retailer.office, "POST", "/v1/orders", json.dumps({name: 1}).encode())
        )
        assert [fault["pointer"] for fault in told["errors"]] == [pointer]


@untouched
async def test_a_missing_field_is_pointed_at(retailer: Retailer) -> None:
    for path, body, pointer in (
        ("/v1/orders", {}, "/fulfillments"),
        ("/v1/orders", {"fulfillments": [{"kind": "pickup"}]}, "/fulfillments/0/lines"),
        (
            "/v1/stock/receipts",
            {"lines": [{"sku": "A"}], "all_or_nothing": True},
            "/lines/0/location",
        ),
    ):
        told = problem(await sent(retailer.office, "POST", path, json.dumps(body).encode()))
        assert [fault["pointer"] for fault in told["errors"]] == [pointer]


_STEP = f"/v1/fulfillments/{_NOBODY}"
_QUANTITY = "/fulfillments/0/lines/0/quantity"
_NO_QUANTITY = ["-1", "0", "-0", str(2**31), str(2**63), str(2**64), "1.5", '"1"', "true", "null"]
_NO_AMOUNT = ["-1", str(2**63), str(2**64), "0.5", '"1"', "true"]


_EDITS = f"/v1/orders/{_NOBODY}/edits"
_CAPTURES = f"/v1/orders/{_NOBODY}/captures"
_EXCHANGES = f"/v1/exchanges?{_NOBODY}"
_RETURNS = "/v1/channels/web/return-policy"
_UNLINKED = f"/v1/unlinked-returns?{_NOBODY}"
_BACK = f"/v1/returns?{_NOBODY}"
_ONE_BACK = f"/v1/returns/{_NOBODY}"
_CLUB = "/v1/loyalty/programmes"
_CLAIMS = f"/v1/claims?{_NOBODY}"


OUT_OF_BOUNDS = [
    ("POST", _CLAIMS, "/lines/0/quantity", _NO_QUANTITY),
    ("POST", _CLAIMS, "/lines/0/line", ["0", "-1", "25001", "1.5", "null"]),
    ("POST", _CLAIMS, "/lines/0/kind", ['"stolen"', '""', "null"]),
    ("POST", _CLAIMS, "/lines", ["[]", "null"]),
    ("POST", _CLAIMS, "/wish", ['"a cake"', '""', "null"]),
    ("POST", _CLAIMS, "/order", ['"x"', '""', "1", "null"]),
    ("POST", _CLAIMS, "/resolution/fulfillment/kind", ['"ship_to_store"', "null"]),
    ("POST", f"/v1/claims/{_NOBODY}/resolution", "/resolution", ['"a cake"', '""', "null"]),
    ("POST", f"/v1/claims/{_NOBODY}/resolution", "/refund/method", ['"chips"', '""', "1"]),
    ("POST", f"/v1/claims/{_NOBODY}/denial", "/reason", ['""', f'"{"x" * 501}"', "null"]),
    ("POST", f"/v1/claims/{_NOBODY}/approval", "/goods_back", ['"yes"', "1"]),
    ("POST", "/v1/orders", _QUANTITY, _NO_QUANTITY),
    ("POST", "/v1/orders", "/tenders/0/amount/amount", [*_NO_AMOUNT, "0", "null"]),
    ("POST", "/v1/orders", "/tenders/0/amount/currency", ['"EURO"', '"eur"', '"USD"', '""']),
    ("POST", "/v1/orders", "/tenders/0/reference", ["null", '""', f'"{"x" * 501}"']),
    ("POST", "/v1/orders", "/placed_at", ['"2026-01-01T00:00:00"', '"now"', "0", '""']),
    ("POST", "/v1/orders", "/placed_at", ['"0001-01-01T00:00:00+14:00"']),
    ("POST", "/v1/orders", "/placed_at", ['"9999-12-31T23:59:59-14:00"']),
    ("POST", "/v1/orders", "/fulfillments", ["[]"]),
    ("POST", "/v1/orders", "/fulfillments/0/lines/0/sku", ['"a,b"', '" a"', '""', '"a/b"']),
    ("POST", f"{_STEP}/handover", "/code", ['""', f'"{"x" * 33}"', "1"]),
    ("POST", f"{_STEP}/handover", "/lines/0/line", ["0", "-1", "25001", "1.5", "null"]),
    ("POST", f"{_STEP}/handover", "/lines/0/quantity", _NO_QUANTITY),
    ("POST", f"{_STEP}/shipment", "/lines/0/quantity", _NO_QUANTITY),
    (
        "POST",
        f"{_STEP}/shipment",
        "/tracking_url",
        [
            '"ftp://x.example"',
            '"https://a b"',
            '"http://"',
            r'"https://x\n"',
            f'"https://{"x" * 500}"',
            '""',
        ],
    ),
    ("POST", f"{_STEP}/shipment", "/carrier", ['""', f'"{"x" * 501}"', "1"]),
    ("POST", f"{_STEP}/shipment", "/occurred_at", ['"9999-12-31T23:59:59-14:00"', "0"]),
    ("POST", f"{_STEP}/delivery", "/parcel", ['"x"', '""', "1"]),
    ("POST", f"{_STEP}/readiness", "/occurred_at", ['"0001-01-01T00:00:00+14:00"', '"now"']),
    ("POST", f"{_STEP}/hold", "/reason", ['"why not"', '""', "null"]),
    ("POST", f"{_STEP}/hold", "/note", ['""', f'"{"x" * 501}"']),
    ("POST", f"{_STEP}/release", "/hold", ['"x"', "1"]),
    ("POST", f"{_STEP}/collector", "/name", ['""', "null", f'"{"x" * 501}"']),
    ("POST", f"{_STEP}/curbside", "/spot", ['""', "1"]),
    (
        "POST",
        f"{_STEP}/deadline",
        "/collect_by",
        ["null", '"soon"', '"2099-01-01T00:00:00"', "0"],
    ),
    ("POST", "/v1/orders?sent", "/ship_to/latitude", ["-90.1", "91", '"52"', "true"]),
    ("POST", "/v1/orders?sent", "/ship_to/longitude", ["-180.1", "181", "null"]),
    ("POST", "/v1/orders?sent", "/ship_to/country", ['"de"', '"Germany"', '""', "null"]),
    ("POST", "/v1/orders?sent", "/ship_to/postal_code", ['""', f'"{"1" * 21}"', "null"]),
    ("POST", "/v1/orders?sent", "/fulfillments/1/destination", ['""', '"a,b"', "null"]),
    ("POST", "/v1/orders?sent", "/tenders/0/awaited", ["1", '"true"', "null"]),
    ("POST", f"/v1/orders?{_NOBODY}", "/cart", ['"x"', "1", '""']),
    ("POST", f"/v1/orders?{_NOBODY}", "/tenders/0/payment", ['"x"', "1", '""']),
    ("POST", f"/v1/orders?{_NOBODY}", "/tenders/1/account", ['""', "null", "1"]),
    ("POST", "/v1/carts", "/ship_to/longitude", ["-180.1", "181", "null"]),
    ("POST", "/v1/customers", "/birth_date", ['"2999-01-01"', '"1815-02-30"', '"0000-01-01"']),
    ("POST", "/v1/customers", "/locale", ['"english"', '""', '"d"']),
    ("POST", "/v1/customers", "/given_name", ['""', json.dumps("x" * 201)]),
    ("POST", "/v1/customers", "/customer_groups", [json.dumps(["g"] * 21)]),
    ("POST", "/v1/customers", "/addresses/0/country", ['"de"', "null"]),
    ("POST", "/v1/customers", "/identities/0/value", ['""', '"030"', '"\\u0661"', '"1"']),
    ("POST", "/v1/customers", "/identities/0/region", ['"D"', '"de"']),
    ("POST", "/v1/customers", "/identities/1/issuer", ['"id"', '"http://id.example"', "null"]),
    ("POST", "/v1/customers", "/identities/1/kind", ['"fax"', "null"]),
    ("POST", "/v1/customers", "/consents/0/decided_at", ['"2999-01-01T00:00:00Z"']),
    ("POST", f"/v1/customers/{_NOBODY}/consents", "/consents", ["[]"]),
    ("POST", f"/v1/customers/{_NOBODY}/merge", "/source", ['"x"', "null", "1"]),
    ("POST", f"/v1/customers/{_NOBODY}/merge", "/reason", ['""', json.dumps("x" * 501)]),
    ("POST", f"/v1/customers/{_NOBODY}/erasure", "/reason", ['""', '"a,b"', "null"]),
    ("PUT", "/v1/segments/N1", "/rule/ordered_within_days", ["0", "-1", "3651", '"1"']),
    ("PUT", "/v1/segments/N1", "/rule/not_ordered_for_days", ["30", "31"]),
    ("PUT", "/v1/segments/N1", "/rule/spend/currency", ['"eur"', '""', "null"]),
    ("PUT", "/v1/segments/N1", "/rule/spend/days", ["0", "3651", "null"]),
    ("PUT", "/v1/segments/N1", "/rule/spend/at_most/amount", ["-1", str(2**63)]),
    ("PUT", "/v1/segments/N1", "/rule/spend/at_least/currency", ['"USD"', '""']),
    ("PUT", "/v1/segments/N1", "/rule/spend/at_most", ['{"amount": 99, "currency": "EUR"}']),
    ("PUT", "/v1/segments/N1", "/rule/orders/at_most", ["0", "-1", str(2**31), "1.5"]),
    ("PUT", "/v1/segments/N1", "/rule/channels_any", [json.dumps(["c"] * 101), "null"]),
    ("POST", f"/v1/customers/{_NOBODY}/notes", "/text", ['""', json.dumps("x" * 2001)]),
    ("POST", "/v1/customers/searches", "/cursor", ['"x"', json.dumps("x" * 1101)]),
    ("POST", "/v1/customers/searches", "/limit", ["0", "201"]),
    ("PATCH", f"/v1/carts/{_NOBODY}", "/ship_to/longitude", ["-180.1", "181", "null"]),
    ("PATCH", f"/v1/carts/{_NOBODY}", "/ship_to/name", ['""', "null"]),
    ("POST", _EDITS, "/lines/0/quantity", ["-1", str(2**31), "0.5", "null"]),
    ("POST", _EDITS, "/lines/0/line", ["0", "25001", "null"]),
    ("POST", _EDITS, "/add/0/lines/0/quantity", _NO_QUANTITY),
    ("POST", _EDITS, "/add/0/lines", ["[]"]),
    ("POST", _EDITS, "/add/1/destination", ["null"]),
    ("POST", _EDITS, "/tenders/0/amount/amount", [*_NO_AMOUNT, "0", "null"]),
    ("POST", _EDITS, "/tenders/0/reference", ["null"]),
    ("POST", _EDITS, "/version", ["0", "-1", str(2**31), "1.5"]),
    ("POST", _EDITS, "/reason", ["null", '""']),
    ("POST", _CAPTURES, "/amount/amount", [*_NO_AMOUNT, "0", "null"]),
    ("POST", _CAPTURES, "/tender", ["0", "-1", str(2**31)]),
    ("POST", f"/v1/orders/{_NOBODY}/payments", "/tender", ["0", str(2**31), "null"]),
    ("POST", "/v1/stock/receipts", "/lines/0/quantity", _NO_QUANTITY),
    ("POST", "/v1/sourcing/plans", "/kind", ['"carry_out"', "null"]),
    ("POST", "/v1/sourcing/plans", "/lines", ["[]"]),
    ("POST", "/v1/sourcing/plans", "/lines/0/quantity", _NO_QUANTITY),
    ("POST", "/v1/sourcing/plans", "/point/latitude", ["-90.1", "91", '"52"', "null"]),
    ("PUT", "/v1/sourcing-policies/web", "/rules/0", ['"code"', '"nearest"']),
    ("PUT", "/v1/sourcing-policies/web", "/rules/1", ['"highest_stock"']),
    ("PUT", "/v1/sourcing-policies/web", "/max_locations", ["0", "21", "1.5"]),
    ("PUT", "/v1/sourcing-policies/web", "/max_distance_km", ["0", str(2**31), '"far"']),
    ("POST", _EXCHANGES, "/lines/0/quantity", _NO_QUANTITY),
    ("POST", _EXCHANGES, "/lines/0/line", ["0", "25001", "null"]),
    ("POST", _EXCHANGES, "/lines/0/dispositions/0/quantity", _NO_QUANTITY),
    ("POST", _EXCHANGES, "/lines/0/dispositions/0/disposition", ['"lost"', "null"]),
    ("POST", _EXCHANGES, "/lines", ["[]"]),
    ("POST", _EXCHANGES, "/add", ["[]", "null"]),
    ("POST", _EXCHANGES, "/add/0/lines/0/quantity", _NO_QUANTITY),
    ("POST", _EXCHANGES, "/tenders/0/amount/amount", [*_NO_AMOUNT, "0", "null"]),
    ("POST", _EXCHANGES, "/refund/method", ['"chips"', '""']),
    ("POST", _EXCHANGES, "/version", ["0", "-1", str(2**31), "1.5"]),
    ("PUT", _RETURNS, "/window_days", ["-1", "3651", "1.5", "null"]),
    ("PUT", _RETURNS, "/category_windows/0/window_days", ["-1", "3651", str(2**64)]),
    ("PUT", _RETURNS, "/category_windows/1/category", ['"a b"', '"swimwear"', '""', '"a,b"']),
    ("PUT", _RETURNS, "/priority/1", ['"card"', '"chips"', "null"]),
    ("PUT", _RETURNS, "/refund_by", ['"whim"', "null"]),
    ("PUT", _RETURNS, "/refund_methods/card", ["[]", "null", json.dumps(["card"] * 8)]),
    ("PUT", _RETURNS, "/refund_methods/cash/0", ['"card"', '"gift_card"', '"points"']),
    ("PUT", _RETURNS, "/refund_methods/card/1", ['"store_credit"', '"ewallet"']),
    ("PUT", _RETURNS, "/claim_days", ["0", "3651"]),
    ("PUT", _RETURNS, "/unlinked_limit", ["-1", "1001"]),
    ("PUT", _RETURNS, "/unlinked_days", ["0", "3651"]),
    ("PUT", _RETURNS, "/unlinked_price_days", ["0", "3651"]),
    ("POST", _UNLINKED, "/customer", ['""', '"a,b"', "null", "1"]),
    ("POST", _UNLINKED, "/lines", ["[]", "null"]),
    ("POST", _UNLINKED, "/lines/0/quantity", _NO_QUANTITY),
    ("POST", _UNLINKED, "/lines/0/sku", ['"a/b"', '""', "null"]),
    ("POST", _UNLINKED, "/lines/0/unit_price/amount", _NO_AMOUNT),
    ("POST", _UNLINKED, "/lines/0/dispositions/0/disposition", ['"lost"', '""', "null"]),
    ("POST", _UNLINKED, "/account", ['"x"', '""', "1"]),
    ("POST", _UNLINKED, "/approval/pin", ['"123"', '"abcd"', "4711", "null"]),
    ("POST", _BACK, "/order", ['"x"', "1"]),
    ("POST", _BACK, "/lines", ["[]", "null"]),
    ("POST", _BACK, "/lines/0/line", ["0", "-1", "25001", "null"]),
    ("POST", _BACK, "/lines/0/quantity", _NO_QUANTITY),
    ("POST", _BACK, "/lines/0/reason", ['""', '"a,b"', "null"]),
    ("POST", _BACK, "/lines/0/dispositions", ["null", "{}"]),
    ("POST", _BACK, "/lines/0/dispositions/0/disposition", ['"lost"', "null"]),
    ("POST", _BACK, "/lines/0/dispositions/0/quantity", _NO_QUANTITY),
    ("POST", _BACK, "/refund/method", ['"chips"', "1"]),
    ("POST", _BACK, "/refund/account", ['"x"', "1"]),
    ("POST", _BACK, "/override/reason", ['""', "null"]),
    ("POST", _BACK, "/approval/pin", ['"123"', '"12345678901234"', '"abcd"', "4711"]),
    ("POST", f"{_ONE_BACK}/receipt", "/lines", ["[]", "null"]),
    ("POST", f"{_ONE_BACK}/receipt", "/lines/0/dispositions", ["[]", "null"]),
    ("POST", f"{_ONE_BACK}/refund", "/lines/0/quantity", _NO_QUANTITY),
    ("POST", f"{_ONE_BACK}/refund", "/refund/method", ['"chips"']),
    ("POST", f"{_ONE_BACK}/dispositions", "/quantity", _NO_QUANTITY),
    ("POST", f"{_ONE_BACK}/dispositions", "/to_disposition", ['"damaged"', '"lost"', "null"]),
    ("POST", _CLUB, "/effective_from", ['"soon"', '"2020-01-01T00:00:00Z"', "0"]),
    ("POST", _CLUB, "/effective_from", ['"0001-01-01T00:00:00+14:00"']),
    ("POST", _CLUB, "/effective_from", ['"9999-12-31T23:59:59-14:00"']),
    ("POST", _CLUB, "/programme/time_zone", ['"Atlantis"', '"../etc/passwd"', '""']),
    ("POST", _CLUB, "/programme/earn/points", ["0", "-1", "1000000001", "0.5", '"1"']),
    ("POST", _CLUB, "/programme/earn/per", ["[]", "null"]),
    ("POST", _CLUB, "/programme/earn/per/0/amount", ["0", "-1", str(10**12 + 1), "1.5"]),
    ("POST", _CLUB, "/programme/earn/per/0/currency", ['"XAU"', '"ZZZ"', '"euro"']),
    ("POST", _CLUB, "/programme/earn/excluded_skus", ["null", json.dumps(["A"] * 1_001)]),
    ("POST", _CLUB, "/programme/earn/rules/0/kind", ['"gift"', "null"]),
    ("POST", _CLUB, "/programme/earn/rules/0/percent", ["100", "99", "10001", '"200"']),
    ("POST", _CLUB, "/programme/earn/rules/0/points", ["1", "-1"]),
    ("POST", _CLUB, "/programme/earn/rules/0/tiers", ['["silver"]', "null"]),
    ("POST", _CLUB, "/programme/earn/rules/0/valid_to", ['"2000-01-01T00:00:00Z"', '"never"']),
    ("POST", _CLUB, "/programme/earn/rules/0/valid_from", ['"0001-01-01T00:00:00+14:00"']),
    ("POST", _CLUB, "/programme/earn/rules/1/code", ['"double"', '"base"', '"tier"', '"a,b"']),
    ("POST", _CLUB, "/programme/earn/rules/1/points", ["0", "1000000001"]),
    ("POST", _CLUB, "/programme/earn/rules/1/per", ["[]"]),
    ("POST", _CLUB, "/programme/redeem/for", ["[]", "null"]),
    ("POST", _CLUB, "/programme/redeem/web_hold_seconds", ["0", "86401"]),
    ("POST", _CLUB, "/programme/redeem/rewards/0/points", ["0", "-1"]),
    ("POST", _CLUB, "/programme/lifetime_months", ["0", "601"]),
    ("POST", _CLUB, "/programme/tiers/0/qualifying", ["0", "1000000001"]),
    ("POST", _CLUB, "/programme/tiers/0/percent", ["99", "10001"]),
    ("POST", _CLUB, "/programme/tier_period", ['"rolling"', "null"]),
    ("POST", _CLUB, "/programme/tier_period/months", ["0", "601"]),
    ("POST", _CLUB, "/programme/negative", ['"forgive"', "null"]),
    ("POST", _CLUB, "/programme/expected_redemption_ppm", ["-1", "1000001"]),
    ("POST", _CLUB, "/programme/most_members", ["0", "101"]),
    ("PUT", "/v1/fulfillment-policies/S1", "/reminder_hours", ["-1", "49", "1.5"]),
    ("PUT", "/v1/fulfillment-policies/S1", "/daily_capacity", ["-1", str(2**31)]),
    ("POST", "/v1/stock/counts", "/lines/0/quantity", ["-1", *_NO_QUANTITY[3:]]),
    ("POST", "/v1/stock/counts", "/lines/0/expected", ["1.5", '"1"', "true"]),
    ("POST", "/v1/stock/counts", "/lines/0/occurred_at", ['"0001-01-01T00:00:00+14:00"']),
    ("POST", "/v1/stock/count-tasks", "/review_threshold", ["-1", str(2**31), "1.5", '"1"']),
    ("POST", "/v1/stock/count-tasks", "/due_at", ['"2026-01-01T00:00:00"', '"soon"', "0"]),
    ("POST", "/v1/stock/count-tasks", "/lines", ['[{"sku": "A"}]', "null"]),
    (
        "POST",
        "/v1/stock/adjustments",
        "/lines/0/change",
        ["0", str(-(2**31)), *_NO_QUANTITY[3:]],
    ),
    ("PUT", "/v1/price-lists/retail/prices", "/prices/0/price/amount", _NO_AMOUNT),
    (
        "PUT",
        "/v1/price-lists/retail/prices",
        "/prices/0/tiers/0/from_quantity",
        ["1", "-1", str(2**31), "2.5", "null"],
    ),
    (
        "PUT",
        "/v1/price-lists/retail/prices",
        "/prices/0/tiers/0/price/currency",
        ['"USD"', '"eur"', "null"],
    ),
    ("PUT", "/v1/price-lists/n1", "/currency", ['"ZZZ"', '"XAU"', '"eur"']),
    ("PUT", "/v1/price-lists/n1", "/priority", ["1000001", "-1000001", "0.5", "null"]),
    ("PUT", "/v1/price-lists/n1", "/time_zone", ['"Atlantis"', '"../etc/passwd"', "null"]),
    (
        "PUT",
        "/v1/price-lists/n1",
        "/valid_from",
        [
            '"2026-03-29T02:30:00"',
            '"0001-01-01T00:00:00"',
            '"0001-01-01T00:00:00+14:00"',
            '"9999-12-31T23:59:59-14:00"',
            '"soon"',
        ],
    ),
    (
        "PUT",
        "/v1/price-lists/n1",
        "/valid_until",
        ['"2026-03-01T00:00:00"', '"9999-12-31T23:59:59"'],
    ),
    ("PUT", "/v1/price-lists/n1", "/scope/location", ['"a,b"', '""', "1"]),
    ("PUT", "/v1/skus/N1", "/categories/1", ['"a,b"', '"two words"', '""', "null"]),
    ("PUT", "/v1/skus/N1", "/categories", [json.dumps([f"c{n}" for n in range(51)]), "null"]),
    ("PUT", "/v1/locations/N1", "/region", ['"a,b"', '""', "1"]),
    ("PUT", "/v1/channels/n1", "/region", ['"a,b"', '""', "1"]),
    ("PUT", "/v1/tax-rates", "/rates/0/rate_ppm", ["-1", "1000001", "0.5", '"7"', "null"]),
    ("PUT", "/v1/tax-rates", "/rates/1/region", ['"a,b"', "null", '" "']),
    (
        "PUT",
        "/v1/tax-rates",
        "/rates/1/valid_from",
        ["null", '"2026-01-01T00:00:00"', '"0001-01-01T00:00:00+14:00"'],
    ),
    ("PUT", "/v1/tax-rates", "/rates", ["[]", "null"]),
    ("PUT", "/v1/currencies/IDR", "/exponent", ["-1", "7", "0.5", '"2"']),
    ("PUT", "/v1/currencies/IDR", "/cash_step", ["0", "-1", "1000000001", "0.05", "null"]),
    ("PUT", "/v1/currencies/IDR", "/rounding", ['"up"', "null"]),
    ("PUT", "/v1/skus/N1", "/barcodes/0", ['{"code": "4006381333932"}']),
    ("PUT", "/v1/skus/N3", "/components/0/quantity", ["0", "10001", "-1", "1.5", "null"]),
    ("PUT", "/v1/skus/N3", "/components/1/sku", ['"A"', '"NOTHING"', '"N3"', '"n/a"', "null"]),
    ("PUT", "/v1/skus/N3", "/components", [json.dumps([{"sku": "A", "quantity": 1}] * 51)]),
    ("PUT", "/v1/skus/N1", "/ordering/policy", ['"never"', "null"]),
    ("PUT", "/v1/skus/N1", "/ordering/limit", ["-1", str(2**31), "0.5", "null"]),
    ("PUT", "/v1/skus/N1", "/ordering/ships_at", ["null", '"2026-01-01T00:00:00"', '"soon"']),
    ("PUT", "/v1/skus/N1", "/ordering/ships_at", ['"0001-01-01T00:00:00+14:00"']),
    ("PUT", "/v1/skus/N1", "/ordering/ships_at", ['"9999-12-31T23:59:59-14:00"']),
    ("PUT", "/v1/skus/N2", "/tracking", ['"batch"', '""', "true"]),
    ("PUT", "/v1/location-groups/n1", "/locations", ["null", json.dumps(["S1"] * 1001)]),
    ("PUT", "/v1/locations/N1", "/safety_stock", ["-1", "1000001", "0.5", "null", '"1"']),
    ("PUT", "/v1/locations/N1", "/latitude", ["90.1", "-91", '"52.5"']),
    ("PUT", "/v1/locations/N1", "/time_zone", ['"Atlantis"', '"../etc/passwd"']),
    ("PUT", "/v1/channels/n1/stock-policy", "/threshold", ["-1", str(2**31), "0.5", "null"]),
    (
        "PUT",
        "/v1/channels/n1/stock-policy",
        "/sku_thresholds/0/threshold",
        ["-1", str(2**31), "null"],
    ),
    ("PUT", "/v1/stock/safety-stock", "/lines/0/quantity", ["-1", str(2**31), "0.5", '"1"']),
    ("POST", f"/v1/loyalty/accounts?for={_NOBODY}", "/members", ["[]", "null", "{}"]),
    (
        "POST",
        f"/v1/loyalty/accounts/{_NOBODY}/adjustments",
        "/points",
        ["0.5", "1000000001", "-1000000001", '"1"', "null", "0"],
    ),
    (
        "POST",
        f"/v1/loyalty/accounts/{_NOBODY}/adjustments",
        "/expires_at",
        ['"soon"', '"2999-01-01T00:00:00"', '"0001-01-01T00:00:00+14:00"'],
    ),
    (
        "POST",
        f"/v1/loyalty/accounts/{_NOBODY}/adjustments",
        "/expires_at",
        ['"9999-12-31T23:59:59-14:00"'],
    ),
    ("POST", f"/v1/loyalty/accounts/{_NOBODY}/gifts", "/points", ["0", "-1", "0.5", "1000000001"]),
    ("POST", f"/v1/loyalty/accounts/{_NOBODY}/holds", "/points", ["0", "-1", "0.5", "1000000001"]),
    ("POST", f"/v1/loyalty/accounts/{_NOBODY}/holds", "/seconds", ["0", "86401", "0.5", '"1"']),
    ("POST", f"/v1/loyalty/reviews/{_NOBODY}/decision", "/decision", ['"maybe"', "null"]),
    ("POST", "/v1/stock/expected-receipts", "/lines/0/quantity", _NO_QUANTITY),
    (
        "POST",
        "/v1/stock/expected-receipts",
        "/lines/0/expected_at",
        [
            "null",
            '"2026-01-01T00:00:00"',
            '"soon"',
            '"0001-01-01T00:00:00+14:00"',
            '"9999-12-31T23:59:59-14:00"',
        ],
    ),
    ("PUT", "/v1/promotions/n1", "/action/steps/0/rate_ppm", ["0", "-1", "1000001", "0.1", '"1"']),
    ("PUT", "/v1/promotions/n1", "/action/steps/0/minimum/amount", _NO_AMOUNT),
    ("PUT", "/v1/promotions/n1", "/action/steps/0/minimum/currency", ['"USD"', '"euro"']),
    ("PUT", "/v1/promotions/n1", "/action/steps/0/amount/amount", [*_NO_AMOUNT, "null"]),
    ("PUT", "/v1/promotions/n1", "/action/type", ['"discount"', "null", "1"]),
    ("PUT", "/v1/promotions/n1", "/priority", ["1000001", "-1000001", "0.5", "null"]),
    ("PUT", "/v1/promotions/n1", "/skus", ["null", json.dumps(["A"] * 10_001)]),
    ("PUT", "/v1/promotions/n1", "/usage_limit", _NO_QUANTITY[:-1]),
    ("PUT", "/v1/promotions/n1", "/time_zone", ['"Atlantis"', '"../etc/passwd"']),
    ("PUT", "/v1/promotions/n1", "/valid_from", ['"now"', "0", '"0001-01-01T00:00:00+14:00"']),
    ("PUT", "/v1/promotions/n1", "/valid_from", ['"9999-12-31T23:59:59-14:00"']),
    ("PUT", "/v1/promotions/n1", "/hours/time_zone", ['"Atlantis"', '""']),
    ("PUT", "/v1/promotions/n1", "/hours/days", ["[]", "[1, 1]", "null"]),
    ("PUT", "/v1/promotions/n1", "/hours/since", ['"noon"', '"25:00:00"', '"08:00:00Z"', "8"]),
    ("PUT", "/v1/promotions/n1", "/hours/until", ['"08:00:00"', '"07:00:00"', '"24:00:00"']),
    ("PUT", "/v1/promotions/n2", "/action/parts/0/quantity", _NO_QUANTITY),
    ("PUT", "/v1/promotions/n2", "/action/parts/1/sku", ['"A"', '"a,b"', "null"]),
    ("PUT", "/v1/promotions/n2", "/action/amount/amount", _NO_AMOUNT),
    ("PUT", "/v1/promotions/n2", "/most_per_basket", _NO_QUANTITY[:-1]),
    ("PUT", "/v1/coupons/N1", "/usage_limit", _NO_QUANTITY[:-1]),
    ("PUT", "/v1/coupons/N1", "/limit_per_customer", _NO_QUANTITY[:-1]),
    ("PUT", "/v1/coupons", "/coupons/0/code", ['""', '"a b,c"', '" A"', "null"]),
    ("POST", "/v1/coupon-claims", "/ttl_seconds", ["0", "-1", "14401", "0.5", '"1"', "null"]),
    ("POST", "/v1/coupon-claims", "/coupon", ['""', '"a,b"', '" a"', "null", "1"]),
    ("POST", "/v1/payments", "/amount/amount", [*_NO_AMOUNT, "0", "null"]),
    ("POST", "/v1/payments", "/amount/currency", ['"EURO"', '"eur"', '""', "null"]),
    ("POST", "/v1/payments", "/type", ['"cash"', '""', "null"]),
    ("POST", "/v1/payments", "/method", ['""', f'"{"x" * 201}"', "null", "1"]),
    ("POST", "/v1/payments", "/cart", ['"x"', '""', "1"]),
    ("PUT", "/v1/channels/n1", "/currency", ['"ZZZ"', '"XAU"', '"€"']),
    ("POST", "/v1/transfers", "/lines/0/quantity", _NO_QUANTITY),
    ("POST", "/v1/transfers", "/destination", ['"WH"', "null", '"a,b"']),
    ("POST", "/v1/transfers", "/lines", ["[]", "null"]),
    (
        "POST",
        "/v1/transfers",
        "/expected_at",
        ['"soon"', '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"'],
    ),
]


@untouched
async def test_a_value_out_of_bounds(retailer: Retailer) -> None:
    for method, path, pointer, tokens in OUT_OF_BOUNDS:
        for token in tokens:
            spoiled = replaced(bodies()[method, path], pointer, token)
            told = problem(await sent(retailer.office, method, path, spoiled))
            assert told["status"] == 400, token
            assert [fault["pointer"] for fault in told["errors"]] == [pointer], token


async def test_a_time_at_the_edge_of_the_calendar(retailer: Retailer) -> None:
    """Some fit into the database and some do not; none is a fault of ours."""
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-07-20T20:17:40Z"):
        content = json.dumps(
            {"prices": [{"sku": "C", "price": euro(1), "valid_from": at}]}
        ).encode()
        answer = await sent(retailer.office, "PUT", "/v1/price-lists/retail/prices", content)
        assert answer.status_code == 200 or problem(answer)["status"] == 400


async def test_of_a_key_that_stands_twice_the_last_counts(retailer: Retailer) -> None:
    body = b'{"name": "First", "name": "Second"}'
    answer = await sent(retailer.office, "PUT", "/v1/skus/A", body)
    assert answer.json()["name"] == "Second"


@untouched
async def test_a_body_too_large(retailer: Retailer) -> None:
    huge = b'{"channel": "' + b"x" * 12_000_000 + b'"}'
    for method, path in [*ROUTES, *(("POST", path) for path in IMPORTS)]:
        answer = await sent(retailer.office, method, path, huge)
        assert problem(answer)["type"] == "/problems/body_too_large"
        assert answer.status_code == 413


@untouched
async def test_a_body_of_another_kind(retailer: Retailer) -> None:
    for method, path in ROUTES:
        content = json.dumps(bodies()[method, path]).encode()
        for kind in (
            "text/plain",
            "application/xml",
            "multipart/form-data",
            "application/msgpack",
            "x",
        ):
            answer = await sent(retailer.office, method, path, content, Content_Type=kind)
            assert problem(answer)["type"] == "/problems/unsupported_media_type"
            assert answer.status_code == 415


@untouched
async def test_a_file_that_is_no_csv(retailer: Retailer) -> None:
    for path in IMPORTS:
        for content in (
            b"",
            b"\xff\xfe",
            b"\x00",
            b"code",
            b"code,code,name\n",
            b'code,name\n"open',
            b"code,name\n" + b"x" * 200_000,
            b"\n" * 1000,
            b"{}",
        ):
            answer = await sent(retailer.office, "POST", path, content, Content_Type="text/csv")
            assert problem(answer)["type"] == "/problems/unreadable_file"


@pytest.mark.parametrize(
    ("kind", "header", "rows"),
    [
        (
            "locations",
            "code,name,latitude,longitude,safety_stock",
            [
                "N,n,nan,1,",
                "N,n,1,inf,",
                "N,n,91,0,",
                ",n,,,",
                "N,n,,,-1",
                "N,n,,,1000001",
                "N,n,,,x",
            ],
        ),
        (
            "skus",
            "code,name,categories",
            ["N,n,a/b", f"N,n,{'x' * 65}", f"N,n,{' '.join(f'c{n}' for n in range(51))}"],
        ),
        ("skus", "code,name,barcodes", ["a/b,n,", "N,,", "N,n,123", f"{'x' * 65},n,", "N,n"]),
        (
            "skus",
            "code,name,tracking,components,ordering,ordering_limit,ships_at",
            [
                "N,n,batch,,,,",
                "N,n,,A,,,",
                "N,n,,A:0,,,",
                "N,n,,A:-1,,,",
                "N,n,,:1,,,",
                "N,n,,NOTHING:1,,,",
                "N,n,,A:1;A:2,,,",
                "N,n,lot,A:1,,,",
                f"N,n,,A:{'9' * 5000},,,",
                "N,n,,,sometimes,,",
                "N,n,,,,5,",
                "N,n,,,back_order,-1,",
                "N,n,,,back_order,2147483648,",
                "N,n,,,back_order,many,",
                "N,n,,,pre_order,,",
                "N,n,,,pre_order,,2026-12-01T00:00:00",
                "N,n,,,pre_order,,0001-01-01T00:00:00+14:00",
            ],
        ),
        (
            "prices",
            "price_list,sku,amount,currency,valid_from",
            [
                "retail,A,1e999999,EUR,",
                "retail,A,1e-999999,EUR,",
                "retail,A,NaN,EUR,",
                "retail,A,sNaN,EUR,",
                "retail,A,Infinity,EUR,",
                "retail,A,-1,EUR,",
                "retail,A,0.001,EUR,",
                "retail,A,1." + "0" * 50 + "1,EUR,",
                "retail,A,1,EURO,",
                "retail,A,1,EUR,0001-01-01T00:00:00+14:00",
                "retail,A,1,EUR,2026-01-01",
                "nowhere,A,1,EUR,",
                "retail,nothing,1,EUR,",
            ],
        ),
        (
            "receipts",
            "sku,location,quantity,occurred_at",
            [
                "A,S1,-1,",
                "A,S1,0,",
                "A,S1,2147483648,",
                f"A,S1,{'9' * 5000},",
                "A,S1,1.5,",
                "A,S1,1,yesterday",
                "A,S1,1,0001-01-01T00:00:00+14:00",
                "A,S1,1,9999-12-31T23:59:59-14:00",
            ],
        ),
        (
            "counts",
            "sku,location,quantity,expected",
            ["A,S1,-1,", "A,S1,2147483648,", "A,S1,1,2147483648", "A,S1,1,x", "A,S1,,"],
        ),
        (
            "adjustments",
            "sku,location,change,reason",
            ["A,S1,0,found", "A,S1,-2147483648,theft", "A,S1,1e3,found", "A,S1,1,", "A,S1,1,why"],
        ),
        (
            "set_asides",
            "sku,location,quantity,to_state,reason",
            ["A,S1,1,away,damaged", "A,S1,1,available,repaired", "A,S1,0,damaged,damaged"],
        ),
        (
            "tax_rates",
            "tax_class,region,rate_percent,valid_from",
            [
                ",DE,7,2026-01-01T00:00:00Z",
                "standard,a/b,7,2026-01-01T00:00:00Z",
                "standard,DE,-1,2026-01-01T00:00:00Z",
                "standard,DE,100.0001,2026-01-01T00:00:00Z",
                "standard,DE,0.00001,2026-01-01T00:00:00Z",
                "standard,DE,1e1,2026-01-01T00:00:00Z",
                f"standard,DE,{'9' * 5000},2026-01-01T00:00:00Z",
                "standard,DE,7,2026-01-01T00:00:00",
                "standard,DE,7,0001-01-01T00:00:00+14:00",
                "standard,DE,7,0001-01-01T00:00:00Z",
                "standard,DE,7,",
            ],
        ),
        (
            "customers",
            "external_id,email,phone,phone_region,loyalty_card,birth_date,locale,customer_groups",
            [
                ",ann@example.com,,,,,,",
                "a/b,,,,,,,",
                "7,ann,,,,,,",
                "7,,030 901820,,,,,",
                "7,,12,DE,,,,",
                "7,,,DE,,,,",
                "7,,,,7,,,",
                "7,,,,-,,,",
                "7,,,,,2999-01-01,,",
                "7,,,,,1999-02-30,,",
                "7,,,,,,english,",
                f"7,,,,,,,{' '.join(f'g{n}' for n in range(21))}",
            ],
        ),
        ("safety_stock", "sku,location,quantity", ["A,S1,-1", "A,S1,1000001", "A,S1,", "A,MOON,1"]),
    ],
)
async def test_rows_that_say_nothing_are_refused_one_by_one(
    retailer: Retailer, kind: str, header: str, rows: list[str]
) -> None:
    before = await books(retailer)
    content = "\n".join([header, *rows]).encode()
    answer = await sent(
        retailer.office, "POST", f"/v1/imports/{kind}", content, Content_Type="text/csv"
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["taken"] == 0
    assert [row["line"] for row in answer.json()["refused"]] == list(range(2, len(rows) + 2))
    # The file as a whole was answered: its key is known from now on, and nothing else has changed.
    assert await books(retailer) | {"idempotency_key": ""} == before | {"idempotency_key": ""}


_LONG = "x" * 5000
PATHS = [
    ("GET", f"/{part}{rest}")
    for part in ("v1/orders", "v1/skus", "v1/locations")
    for rest in ("/%00", "/%ff", f"/{_LONG}", "/%20", "/a%2Cb", "/a%7Cb", "/%0d%0a")
] + [
    ("GET", "/%00"),
    ("GET", "/%ff"),
    ("GET", f"/{_LONG}"),
    ("GET", "//"),
    ("GET", "/v1"),
    ("GET", "/docs-assets/%00"),
    ("GET", f"/docs-assets/{_LONG}"),
    ("GET", "/docs-assets/..%2fsetup.py"),
    ("GET", "/problems/%00"),
    ("GET", "/v1/stock/serials/A/%00"),
    ("GET", f"/v1/stock/serials/A/{_LONG}"),
    ("GET", "/v1/stock/serials/%00/x"),
    ("GET", "/v1/exports/%00"),
    ("GET", "/v1/price-lists/retail/prices/%00"),
    ("GET", "/v1/price-lists/%00/prices/A"),
    ("GET", "/v1/price-lists/%00"),
    ("GET", "/v1/price-lists/NOTHING"),
    ("GET", "/v1/currencies/eur"),
    ("GET", "/v1/currencies/XAU"),
    ("GET", "/v1/currencies/%00"),
    ("GET", "/v1/orders/not-a-uuid"),
    ("GET", "/v1/carts/not-a-uuid"),
    ("DELETE", f"/v1/carts/{_NOBODY}/hold"),
    ("GET", "/v1/orders/00000000-0000-0000-0000-00000000000g"),
    ("GET", f"/v1/orders/{_NOBODY}/nothing"),
    ("PATCH", "/v1/stock/movements/1"),
    ("DELETE", "/v1/stock/movements/%00"),
    ("POST", "/v1/fulfillments/x/handover"),
    ("POST", "/v1/orders/x/cancellation"),
    ("GET", "/v1/orders/x/points"),
    ("POST", "/v1/orders/x/points-claim"),
    ("POST", "/v1/imports/anything"),
    ("POST", "/v1/imports/%00"),
    ("PUT", "/v1/skus/%00"),
    ("PUT", "/v1/skus/a%2Cb"),
    ("PUT", f"/v1/skus/{'x' * 65}"),
    ("PUT", "/v1/skus/%20a"),
    ("PUT", f"/v1/locations/{'x' * 65}"),
    ("PUT", "/v1/channels/a%7Cb"),
    ("PUT", f"/v1/price-lists/{'x' * 65}"),
    ("DELETE", "/v1/orders"),
    ("PUT", "/v1/orders"),
    ("TRACE", "/v1/orders"),
]
QUERIES = [
    ("/v1/segments", "limit", ["0", "201"]),
    ("/v1/segments", "cursor", ["x", "%00"]),
    ("/v1/segments/N1/customers", "cursor", ["x", "%00", "QQ"]),
    (f"/v1/customers/{_NOBODY}/timeline", "cursor", ["x", "%00", "QQ"]),
    (f"/v1/customers/{_NOBODY}/merges", "cursor", ["x", "%00", "QQ"]),
    ("/v1/claims", "state", ["lost", "", "%00"]),
    ("/v1/claims", "order", ["x", "%00", "1"]),
    ("/v1/claims", "limit", ["0", "201"]),
    ("/v1/skus", "limit", ["0", "-1", "99999", "x", "", "1.5", "1e9", "%00", str(2**63)]),
    ("/v1/orders", "limit", ["0", "201"]),
    ("/v1/returns", "limit", ["0", "201"]),
    ("/v1/returns", "order", ["x", "%00", "1"]),
    ("/v1/returns", "location", ["%00", "x" * 65]),
    ("/v1/returns", "customer", ["%00", "a,b", "x" * 65]),
    ("/v1/returns", "cursor", ["AA", "Zm9v", "%00", "A" * 401]),
    ("/v1/loyalty/programmes", "limit", ["0", "201"]),
    ("/v1/loyalty/programmes", "cursor", ["AA", "Zm9v", "%00", "MjAyNi0wMS0wMQ"]),
    ("/v1/loyalty/programme", "at", ["x", "2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00"]),
    ("/v1/loyalty/programme", "at", ["%00", "0001-01-01T00:00:00%2B14:00"]),
    ("/v1/carts", "customer", ["%00", "a,b", "x" * 65, ""]),
    ("/v1/carts?customer=ann", "cursor", ["AA", "Zm9v", "%00"]),
    ("/v1/carts", "code", ["x" * 33]),
    ("/v1/skus", "cursor", ["AA", "_w", "%00", "%ff", "A" * 401, "Zm9v=", "*", "Zm9v Zm9v"]),
    ("/v1/locations", "cursor", ["AA", "x"]),
    ("/v1/orders", "cursor", ["AA", "Zm9v", "%00", "A" * 401]),
    ("/v1/stock/movements", "cursor", ["AA", "Zm9v"]),
    ("/v1/stock/counts", "cursor", ["AA", "Zm9v"]),
    ("/v1/stock/count-tasks", "state", ["x", "%00", ""]),
    ("/v1/order-exceptions", "state", ["x", "%00", "", "closed"]),
    ("/v1/order-exceptions", "cursor", ["AA", "Zm9v", "%00"]),
    ("/v1/stock/shortages", "state", ["x", "%00", ""]),
    ("/v1/stock/shortages", "sku", ["%00", "a,b", "x" * 65]),
    ("/v1/stock/movements", "document_id", ["x", "%00", "1", "0" * 33]),
    ("/v1/stock/movements", "sku", ["%00", "a,b", "x" * 65, ""]),
    ("/v1/stock/movements", "location", ["%00", "x" * 65]),
    ("/v1/stock/movements", "type", ["x", "%00", ""]),
    ("/v1/stock/movements?sku=A", "serial", ["%00", "x" * 65, ""]),
    ("/v1/stock/movements", "occurred_from", ["x", "2026-01-01", "9999-12-31T23:59:59-14:00"]),
    ("/v1/stock/movements", "occurred_before", ["x", "2026-01-01T00:00:00"]),
    ("/v1/stock/lots", "cursor", ["AA", "Zm9v", "A" * 1101]),
    ("/v1/stock/lots", "expires_before", ["x", "%00", "2026-02-30"]),
    ("/v1/stock/valuation", "cursor", ["AA", "Zm9v", "%00"]),
    ("/v1/stock/valuation", "as_of", ["x", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00%2B14:00"]),
    (
        "/v1/loyalty/liability?from=2026-01-01",
        "to",
        ["x", "%00", "2026-02-30", "2999-01-01", "0001-01-01"],
    ),
    ("/v1/loyalty/liability?to=2026-01-01", "from", ["x", "2026-01", "0001-01-01", "1969-12-31"]),
    ("/v1/exports/levels", "as_of", ["2026-01-01T00:00:00Z", "x"]),
    ("/v1/skus", "q", ["x" * 201]),
    ("/v1/skus", "barcode", ["x" * 65]),
    ("/v1/orders", "number", ["x" * 33]),
    ("/v1/availability", "sku", ["", ",,,", "x" * 14_001, ",".join(map(str, range(201)))]),
    ("/v1/availability?sku=A", "explain", ["maybe", "2", "%00"]),
    ("/v1/fulfillments", "location", ["%00", ""]),
    ("/v1/fulfillments?location=S1", "state", ["x", "%00", ""]),
    ("/v1/fulfillments?location=S1", "kind", ["x", "%00"]),
]


@untouched
async def test_paths_that_lead_nowhere(retailer: Retailer) -> None:
    for method, path in PATHS:
        answer = await sent(retailer.office, method, path, b'{"name": "x"}')
        told = problem(answer)
        assert told["status"] in {400, 404, 405}, (method, path[:60], told)


@untouched
async def test_a_parameter_that_is_not_valid(retailer: Retailer) -> None:
    for path, name, values in QUERIES:
        for value in values:
            answer = await retailer.office.send(
                "GET", f"{path}{'&?'['?' not in path]}{name}={value}"
            )
            told = problem(answer)
            assert told["status"] == 400, value[:60]
            assert [fault["pointer"] for fault in told["errors"]] == [f"/{name}"], value[:60]


@untouched
async def test_a_parameter_that_is_missing(retailer: Retailer) -> None:
    for path, name in (("/v1/availability", "sku"), ("/v1/fulfillments", "location")):
        told = problem(await retailer.office.get(path))
        assert told["errors"] == [{"pointer": f"/{name}", "detail": "This parameter is missing"}]


@untouched
async def test_texts_that_the_database_cannot_hold(retailer: Retailer) -> None:
    for query in (
        "carts?code=%00",
        "skus?q=%00",
        "skus?barcode=%00",
        "orders?number=%00",
        "availability?sku=%00",
    ):
        told = problem(await retailer.office.send("GET", f"/v1/{query}"))
        assert told["type"] == "/problems/value_not_storable"


@untouched
async def test_headers_of_every_kind(retailer: Retailer) -> None:
    body = json.dumps(bodies()["POST", "/v1/orders"]).encode()
    for value in (
        b"",
        b" ",
        b"x" * 256,
        b'"',
        b'"a',
        b"a b",
        b"\x01",
        b"a\tb",
        b"\xc3\xa9",
        b"\xff",
    ):
        headers = [
            (b"authorization", f"Bearer {retailer.office.token}".encode()),
            (b"content-type", b"application/json"),
            (b"idempotency-key", value),
        ]
        answer = await retailer.http.post("/v1/orders", content=body, headers=headers)
        assert problem(answer)["type"] == "/problems/idempotency_key_invalid", value
    for tag in ("x", "-1", '"1', "W/", "9" * 20, "²"):
        headers = [
            (b"authorization", f"Bearer {retailer.office.token}".encode()),
            (b"if-match", tag.encode()),
        ]
        answer = await retailer.http.put("/v1/skus/A", json={"name": "x"}, headers=headers)
        assert problem(answer)["errors"][0]["pointer"] == "/If-Match", tag
    for sent_as in ("", "Bearer", "Bearer ", "Basic eDp5", "Bearer é", "Bearer a b", "x" * 7000):
        answer = await retailer.http.get(
            "/v1/orders", headers=[(b"authorization", sent_as.encode())]
        )
        assert problem(answer)["status"] == 401, sent_as[:20]
        assert answer.headers["www-authenticate"] == "Bearer"


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def _perhaps(real: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(real, real, real, real, _ANY)


_MONEY = st.fixed_dictionaries(
    {
        "amount": _perhaps(st.sampled_from([0, 1, 500, 2000, 4000, 2**63 - 1])),
        "currency": _perhaps(st.just("EUR")),
    }
)
_LINE = st.fixed_dictionaries(
    {
        "sku": _perhaps(st.sampled_from(["A", "B", "nothing"])),
        "quantity": _perhaps(st.sampled_from([1, 2, 2**31 - 1])),
    },
    optional={"unit_price": _perhaps(_MONEY), "price_reason": _perhaps(st.text(max_size=5))},
)
_PART = st.fixed_dictionaries(
    {
        "kind": _perhaps(st.sampled_from(["carry_out", "pickup", "ship", "ship_to_store"])),
        "lines": _perhaps(st.lists(_LINE, max_size=3)),
    },
    optional={
        name: _perhaps(st.sampled_from(["S1", "WH"]))
        for name in ("location", "destination", "prefer")
    },
)
_TENDER = st.fixed_dictionaries(
    {
        "type": _perhaps(st.sampled_from(["cash", "card", "gift_card", "bank_transfer"])),
        "amount": _perhaps(_MONEY),
    },
    optional={
        "reference": _perhaps(st.text(max_size=5)),
        "payment": _perhaps(st.just(str(_NOBODY))),
        "account": _perhaps(st.text(max_size=20)),
        "awaited": _perhaps(st.booleans()),
    },
)
_ORDER = st.fixed_dictionaries(
    {"fulfillments": _perhaps(st.lists(_PART, max_size=3))},
    optional={
        "tenders": _perhaps(st.lists(_TENDER, max_size=3)),
        "channel": _perhaps(st.just("web")),
        "placed_at": _perhaps(st.datetimes().map(lambda at: f"{at.isoformat()}Z")),
        "quote": _perhaps(st.text(max_size=20)),
        "customer": _perhaps(st.text(max_size=5)),
        "customer_groups": _perhaps(st.lists(st.text(max_size=5), max_size=2)),
        "region": _perhaps(st.text(max_size=5)),
        "coupons": _perhaps(st.lists(st.fixed_dictionaries({"code": st.text(max_size=5)}))),
        "shipping": _perhaps(st.fixed_dictionaries({"price": _MONEY})),
        "ship_to": _perhaps(st.just(HOME)),
        "cart": _perhaps(st.just(str(_NOBODY))),
        "hold": _perhaps(st.just(str(_NOBODY))),
    },
)


@given(body=st.one_of(_ORDER, _ORDER, _ORDER, _ANY))
async def test_any_order_at_all(retailer: Retailer, body: Any) -> None:
    """Whatever looks like an order is placed or refused; the audit then looks at what was placed."""
    content = json.dumps(body).encode()
    answer = await sent(retailer.office, "POST", "/v1/orders", content)
    if answer.status_code != 201:
        problem(answer)


def _request(caller: Caller, head: bytes, body: bytes = b"", *extra: bytes) -> bytes:
    lines = [
        head + b" HTTP/1.1",
        b"Host: test",
        b"Authorization: Bearer " + caller.token.encode(),
        *extra,
        b"Content-Length: %d" % len(body),
        b"Connection: close",
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _answer(found: tuple[int, dict[str, str], bytes]) -> httpx.Response:
    return httpx.Response(found[0], headers=found[1], content=found[2])


@untouched
async def test_over_a_real_connection(retailer: Retailer, live: Live) -> None:
    """What the in-process tests cannot show: the server's own parser stands between."""
    for name, body in UNREADABLE.items():
        extra = (b"Content-Type: application/json", b"Idempotency-Key: k%d" % next(_keys))
        raw = _request(retailer.office, b"POST /v1/orders", body, *extra)
        assert problem(_answer(await live.raw(raw)))["status"] == 400, name
    for path in (b"/v1/orders/%00", b"/v1/skus/%ff", b"/%00", b"/v1/skus/" + b"x" * 5000, b"//"):
        found = _answer(await live.raw(_request(retailer.office, b"GET " + path)))
        assert problem(found)["status"] in {400, 404}
    for key in (b"", b"\xff", b'"a', b"x" * 256, b"a b"):
        body = json.dumps(bodies()["POST", "/v1/orders"]).encode()
        raw = _request(retailer.office, b"POST /v1/orders", body, b"Idempotency-Key: " + key)
        assert problem(_answer(await live.raw(raw)))["type"] == "/problems/idempotency_key_invalid"


@untouched
async def test_a_body_too_large_over_a_real_connection(retailer: Retailer, live: Live) -> None:
    """The client is still sending when it is refused, and must get to see why."""
    caller = live.caller(retailer.office)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * 1_000_000

    announced = await sent(caller, "POST", "/v1/orders", b"x" * 12_000_000)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    chunked = await caller.send("POST", "/v1/orders", content=pieces(), headers=headers)

    assert problem(announced)["status"] == 413
    assert problem(chunked)["status"] == 413


@untouched
async def test_what_is_no_http(retailer: Retailer, live: Live) -> None:
    """The server's parser refuses it with a bare 4xx, or hangs up; and answers the next caller."""
    token = retailer.office.token.encode()
    for raw in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET /v1/orders\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nX: " + b"x" * 600_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nHost: test\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nHost: test\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " + token + b"\r\n"
        b"Idempotency-Key: k\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ):
        status, _, _ = await live.raw(raw)
        assert status == 0 or 400 <= status < 500, (status, raw[:60])
        assert (await live.http.get("/healthz")).status_code == 200
