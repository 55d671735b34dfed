"""The audit finds what it is there for: one fault is planted in true books, and one check fails."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from omniretail import audit, clock, payments
from omniretail.db import Database, Transaction
from omniretail.ids import new_id
from tests.callers import EUR, Retailer, euro, line, order, served
from tests.inventory.test_suspicion import not_found
from tests.payments.cards import Cards

_MOVE = (
    "insert into stock_movement (id, recorded_at, occurred_at, type, sku, location, from_state, "
    "to_state, quantity, document_type, document_id, actor_id, idempotency_key, serials) "
    "values (gen_random_uuid(), now(), now(), '{type}', '{sku}', 'S1', '{here}', '{there}', 1, "
    "'test', gen_random_uuid(), gen_random_uuid(), 'key', {serials})"
)
_ON_HAND = "update stock_level set on_hand = on_hand + {n} where sku = '{sku}' and location = 'S1'"


def _move(sku: str, kind: str, here: str, there: str, serials: str = "null") -> str:
    return _MOVE.format(sku=sku, type=kind, here=here, there=there, serials=serials)


def _on_hand(sku: str, n: int) -> str:
    return _ON_HAND.format(sku=sku, n=n)


def _json(table: str, column: str, path: str, more: int) -> str:
    """Add so much to a number within a JSON column, where there is one."""
    number = f"({column} #>> '{path}')::bigint + {more}"
    return (
        f"update {table} set {column} = jsonb_set({column}, '{path}', to_jsonb({number}))"
        f" where {column} #> '{path}' is not null"
    )


_KNOWN = "(select customer_id from customer_identity)"
_UNKNOWN = f"(select id from customer where id <> {_KNOWN} order by id limit 1)"
_LAST = f"(select id from customer where id <> {_KNOWN} order by id desc limit 1)"
_MERGE = "update customer set status = 'merged', merged_into ="
_ERASE = "update customer set status = 'erased', given_name = null"


FAULTS: list[tuple[str, str, list[str]]] = [
    (
        "levels",
        "more is damaged than was set aside",
        ["update stock_level set damaged = damaged + 1 where sku = 'A'"],
    ),
    (
        "legs",
        "goods left to nowhere",
        [
            "alter table stock_movement drop constraint stock_movement_states_known",
            _move("C", "adjusted", "available", "nowhere"),
            _on_hand("C", -1),
        ],
    ),
    (
        "held",
        "more is held than holds say",
        ["update stock_level set held = held + 1 where sku = 'A'"],
    ),
    ("held", "a released hold still holds", ["update hold set released_at = now()"]),
    ("held", "the lines of a hold have no hold", ["delete from hold"]),
    ("lots", "a lot has one more", ["update stock_lot set on_hand = on_hand + 1"]),
    (
        "lots",
        "goods came without their lot",
        [_move("MILK", "received", "supplier", "available"), _on_hand("MILK", 1)],
    ),
    (
        "serials",
        "a unit that is there is said to be gone",
        ["update stock_serial set state = 'gone', location = null where serial = 's-1'"],
    ),
    (
        "serials",
        "a unit that left is said to be there",
        ["update stock_serial set state = 'on_hand', location = 'S1' where serial = 's-2'"],
    ),
    (
        "serials",
        "a unit left twice",
        [
            _move("PHONE", "sold", "available", "customer", "array['s-2']"),
            _on_hand("PHONE", -1),
        ],
    ),
    (
        "serials",
        "a unit came back that had not left",
        [
            _move("PHONE", "unlinked_return", "customer", "available", "array['s-1']"),
            _on_hand("PHONE", 1),
        ],
    ),
    (
        "serials",
        "a unit that had not left came back to be destroyed",
        [
            _move("PHONE", "returned", "customer", "shrinkage", "array['s-1']"),
            "update stock_serial set state = 'gone', location = null where serial = 's-1'",
        ],
    ),
    (
        "serials",
        "a unit that was found again is said to be gone",
        [
            _move("PHONE", "set_aside", "shrinkage", "available", "array['s-2']"),
            _on_hand("PHONE", 1),
        ],
    ),
    ("serials", "a unit came from nowhere", ["delete from stock_serial where serial = 's-1'"]),
    (
        "exchanges",
        "nothing came in for what is said to be exchanged",
        ["update sales_return set kind = 'exchange' where kind = 'return'"],
    ),
    (
        "kits",
        "components left for a kit nobody ordered",
        ["update stock_movement set kit = 'OTHER' where kit is not null and type <> 'returned'"],
    ),
    (
        "kits",
        "a hold has too few components of a kit",
        [
            "update hold_line set quantity = quantity - 1 where sku = 'A'",
            "update stock_level set held = held - 1 where sku = 'A'",
        ],
    ),
    (
        "tender_sources",
        "a tender names another account",
        ["update tender set account_id = gen_random_uuid() where account_id is not null"],
    ),
    (
        "tender_sources",
        "a provider was asked for another tender",
        [
            (
                "update payment_operation set tender_number = 9 "
                "where order_id in (select id from sales_order)"
            )
        ],
    ),
    (
        "tender_sources",
        "an authorization pays another tender",
        [
            "update payment set tender_number = 9 where order_id in (select id from sales_order)",
        ],
    ),
    ("counts", "a variance is not what moved", ["update stock_count set variance = variance + 1"]),
    ("counts", "another figure was counted", ["update stock_count set quantity = quantity + 1"]),
    (
        "counts",
        "a sale before the count was not taken back",
        [
            _move("B", "sold", "available", "customer").replace("now(), now()", "now(), 'epoch'"),
            _on_hand("B", -1),
        ],
    ),
    (
        "shortages",
        "a case was closed that its level still names",
        ["update shortage set closed_at = now(), closed_by = gen_random_uuid()"],
    ),
    (
        "shortages",
        "a level owes what it has not, and nobody knows",
        [
            "delete from shortage",
            "update stock_level set shortage_id = null",
            "update stock_movement set shortage_id = null",
        ],
    ),
    ("shortages", "a level does not name its case", ["update shortage set sku = 'B'"]),
    (
        "in_transit",
        "goods left on a transfer that does not exist",
        [_move("A", "transfer_shipped", "available", "in_transit"), _on_hand("A", -1)],
    ),
    (
        "suspicions",
        "more is suspected than the books have",
        ["update stock_level set suspected = suspected + 1 where suspected > 0"],
    ),
    (
        "suspicions",
        "units are suspected, and nobody shall count them",
        ["update count_task set document_type = null, document_id = null"],
    ),
    (
        "suspicions",
        "units are suspected after all was counted",
        ["update count_task_line set state = 'counted', quantity = 0, occurred_at = now()"],
    ),
    ("costs", "an average does not follow", ["update stock_cost set average = average + 0.00001"]),
    (
        "costs",
        "a cost is not of its receipt",
        ["update stock_cost set movement_id = gen_random_uuid() where quantity = 1"],
    ),
    (
        "allocations",
        "something is promised to no order",
        [
            _move("A", "allocated", "available", "allocated"),
            "update stock_level set allocated = allocated + 1 where sku = 'A'",
        ],
    ),
    (
        "order_totals",
        "an order costs more than its lines",
        [
            (
                "update sales_order set total_minor = total_minor + 1 "
                "where id in (select order_id from tender where reference is not null)"
            ),
            "update tender set amount_minor = amount_minor + 1 where reference is not null",
        ],
    ),
    (
        "line_prices",
        "a line costs more than its units",
        ["update order_line set unit_price_minor = 1 where cancelled_quantity = 0"],
    ),
    (
        "line_prices",
        "a discount takes one cent more than the line says",
        [_json("order_line", "discounts", "{0,amount_minor}", 1)],
    ),
    (
        "line_prices",
        "a discount makes a line dearer",
        [
            (
                "update order_line set discounts = discounts || "
                """'[{"promotion": "up", "amount_minor": -5}, {"promotion": "down", "amount_minor": 5}]'"""
                " where discounts is not null"
            ),
        ],
    ),
    (
        "line_prices",
        "a price is not the list's, and nobody says why",
        ["update order_line set list_price_minor = list_price_minor + 1"],
    ),
    (
        "line_prices",
        "shipping does not cost what it says",
        [_json("sales_order", "shipping", "{unit_price_minor}", 1)],
    ),
    (
        "taxes",
        "a line says a cent too much tax",
        ["update order_line set tax_minor = tax_minor + 1 where tax_included and tax_minor > 0"],
    ),
    (
        "taxes",
        "a line says another rate",
        ["update order_line set tax_rate_ppm = 70000 where tax_rate_ppm = 190000"],
    ),
    (
        "taxes",
        "tax of a class without a rate",
        ["update order_line set tax_rate_ppm = null where tax_rate_ppm = 190000"],
    ),
    (
        "taxes",
        "an adjusted price bears the tax of the old one",
        [
            (
                "update order_line set adjusted_tax_minor = tax_minor"
                " where adjusted_tax_minor is not null"
            )
        ],
    ),
    (
        "taxes",
        "shipping says a cent too much tax",
        [_json("sales_order", "shipping", "{tax_minor}", 1)],
    ),
    (
        "tenders",
        "a payment is too large",
        ["update tender set amount_minor = amount_minor + 1 where reference is not null"],
    ),
    (
        "tenders",
        "a payment was rounded by more than a coin",
        [
            (
                "update tender set amount_minor = amount_minor + 10, rounding_minor = rounding_minor + 10"
                " where type = 'cash'"
            )
        ],
    ),
    (
        "tenders",
        "a payment by card was rounded",
        [
            "alter table tender drop constraint tender_rounding_is_cash",
            (
                "update tender set amount_minor = amount_minor + 1, rounding_minor = 1,"
                " cash_step_minor = 5 where reference is not null"
                " and order_id not in (select order_id from refund)"
            ),
        ],
    ),
    (
        "tenders",
        "an edit paid with more than was taken off",
        [
            "update sales_order set exchanged_minor = exchanged_minor + 1 where exchanged_minor > 0",
            (
                "update refund set amount_minor = amount_minor - 1"
                " where order_id in (select id from sales_order where exchanged_minor > 0)"
            ),
        ],
    ),
    (
        "refunds",
        "what an edit took off went back, and paid for what came in",
        [
            "update sales_order set exchanged_minor = exchanged_minor + 1 where exchanged_minor > 0",
            (
                "update tender set amount_minor = amount_minor - 1"
                " where order_id in (select id from sales_order where exchanged_minor > 0)"
            ),
        ],
    ),
    (
        "order_totals",
        "what came in by an edit is not all of it in the total",
        [
            (
                "update sales_order"
                " set total_minor = total_minor - 1, exchanged_minor = exchanged_minor - 1"
                " where exchanged_minor > 0"
            ),
            (
                "update refund set amount_minor = amount_minor + 1"
                " where order_id in (select id from sales_order where exchanged_minor > 0)"
            ),
        ],
    ),
    (
        "refunds",
        "too much went back",
        ["update refund set amount_minor = amount_minor + 1 where method is null"],
    ),
    (
        "refunds",
        "a sum went back that coins cannot make",
        [
            (
                "update refund set amount_minor = amount_minor + 1, rounding_minor = rounding_minor + 1"
                " where rounding_minor <> 0"
            )
        ],
    ),
    (
        "refunds",
        "more went back to a tender than it was",
        [
            (
                "update refund set amount_minor = amount_minor + 1000000,"
                " rounding_minor = rounding_minor + 1000000 where method is null"
            )
        ],
    ),
    (
        "refunds",
        "an adjusted price was not given back",
        [
            (
                "update order_line set adjusted_total_minor = null, adjusted_tax_minor = null"
                " where adjusted_total_minor is not null"
            )
        ],
    ),
    ("usages", "a use was counted twice", ["update usage_count set used = used + 1"]),
    (
        "usages",
        "a use is by an order that does not exist",
        ["update usage set order_id = gen_random_uuid() where state = 'used'"],
    ),
    (
        "usages",
        "an order that was cancelled still uses its coupon",
        [
            "update usage set state = 'used' where state = 'freed' and kind = 'coupon'",
            "update usage_count set used = used + 1 where code = 'SAVE'",
        ],
    ),
    (
        "usages",
        "a coupon took something off, and nobody counted it",
        [
            "delete from usage where state = 'used' and kind = 'coupon'",
            "update usage_count set used = 0 where kind = 'coupon'",
        ],
    ),
    (
        "usages",
        "an order used its coupon twice",
        [
            (
                "insert into usage (id, kind, code, state, order_id, recorded_at)"
                " select gen_random_uuid(), kind, code, state, order_id, recorded_at"
                " from usage where state = 'used' and kind = 'coupon'"
            ),
            "update usage_count set used = used * 2 where kind = 'coupon'",
        ],
    ),
    (
        "usages",
        "a coupon was used more often than it may be",
        ["""update coupon set document = document || '{"usage_limit": 0}'"""],
    ),
    (
        "usages",
        "a customer used a coupon more often than they may",
        ["""update coupon set document = document || '{"limit_per_customer": 0}'"""],
    ),
    (
        "usages",
        "a promotion was used more often than it may be",
        ["""update promotion set document = document || '{"usage_limit": 0}' where code = 'ten'"""],
    ),
    (
        "one_price",
        "the web has a price of its own, and nobody says why",
        [
            "alter table price_list drop constraint price_list_override_explained",
            (
                "insert into price_list (code, name, currency, channel, priority, updated_at)"
                " values ('cheap', 'Cheap', 'EUR', 'web', 9, now())"
            ),
            (
                "insert into price (price_list, sku, valid_from, amount_minor, book_version, recorded_at)"
                " values ('cheap', 'A', 'epoch', 1, 0, now())"
            ),
        ],
    ),
    (
        "one_price",
        "a promotion of one store does not say why",
        [
            "alter table promotion drop constraint promotion_override_explained",
            (
                """update promotion set document = document || '{"locations": ["S1"]}'"""
                " where code = 'ten'"
            ),
        ],
    ),
    (
        "account_balances",
        "a gift card has a cent more than was put on it",
        ["update payment_account set balance_minor = balance_minor + 1 where kind = 'gift_card'"],
    ),
    (
        "account_balances",
        "more of a gift card is held than orders say",
        ["update payment_account set held_minor = held_minor + 1 where kind = 'gift_card'"],
    ),
    (
        "account_balances",
        "a gift card counts an entry that nobody made",
        ["update payment_account set version = version + 1 where kind = 'gift_card'"],
    ),
    (
        "account_balances",
        "an entry of a gift card is missing",
        ["delete from account_entry where type = 'unblocked'"],
    ),
    (
        "account_balances",
        "the entries of a gift card do not count without a gap",
        [
            "update account_entry set sequence = sequence + 1 where type = 'unblocked'",
            "update payment_account set version = version + 1 where kind = 'gift_card'",
        ],
    ),
    (
        "account_balances",
        "a gift card begins with something else than its issuing",
        [
            (
                "update account_entry set type = 'adjusted', reason = 'x'"
                " where type = 'issued' and return_id is null and claim_id is null"
            )
        ],
    ),
    (
        "account_balances",
        "something was given back before it was held",
        [
            "update account_entry set sequence = 90 where type = 'voided' and tender_number = 2",
            "update account_entry set sequence = sequence + 1 where type = 'held' and tender_number = 2",
            (
                "update account_entry as entry set sequence = held.sequence - 1"
                " from account_entry as held"
                " where entry.type = 'voided' and entry.tender_number = 2"
                " and held.type = 'held' and held.tender_number = 2"
            ),
        ],
    ),
    (
        "account_balances",
        "more was spent of a gift card than stood on it",
        [
            (
                "update account_entry set balance_change_minor = 1"
                " where type = 'issued' and balance_change_minor = 5000"
            ),
            (
                "update account_entry set balance_change_minor = balance_change_minor + 4999"
                " where type = 'adjusted'"
            ),
        ],
    ),
    (
        "account_balances",
        "an order spent what another one held",
        [
            (
                "update account_entry set tender_number = 9 where type = 'committed' "
                "and order_id not in (select id from sales_order)"
            )
        ],
    ),
    (
        "returns",
        "store credit is said to be given for a return that never was",
        [
            (
                "update account_entry set return_id = gen_random_uuid() where type = 'issued'"
                " and account_id in (select id from payment_account where kind = 'store_credit')"
            )
        ],
    ),
    (
        "account_balances",
        "a gift card is blocked, and nobody blocked it",
        ["update payment_account set status = 'blocked' where kind = 'gift_card'"],
    ),
    (
        "account_balances",
        "the entries of a store credit have no account",
        ["delete from payment_account where kind = 'store_credit'"],
    ),
    (
        "account_balances",
        "a store credit has no entries",
        [
            (
                "delete from account_entry where account_id in"
                " (select id from payment_account where kind = 'store_credit') and account_id not in"
                " (select account_id from account_entry where return_id is not null)"
            )
        ],
    ),
    (
        "payment_operations",
        "a provider does something about no payment",
        [
            (
                "update payment_operation set payment_id = gen_random_uuid() "
                "where order_id not in (select id from sales_order)"
            ),
        ],
    ),
    (
        "payment_operations",
        "a payment pays for another order than it was captured for",
        [
            "update payment set provider = 'other'",
            (
                "update payment_operation set order_id = gen_random_uuid() "
                "where order_id not in (select id from sales_order)"
            ),
        ],
    ),
    (
        "payment_operations",
        "more was captured than was authorized",
        [
            "update payment set provider = 'other'",
            (
                "update payment_operation set amount_minor = 2001 where kind = 'capture' "
                "and order_id not in (select id from sales_order)"
            ),
        ],
    ),
    (
        "payment_operations",
        "more was given back than was captured",
        [
            "update payment set provider = 'other'",
            "update payment_operation set amount_minor = 2000 where kind = 'refund'",
        ],
    ),
    (
        "payment_operations",
        "money was released that is still there for an order",
        [
            "update payment set provider = 'other'",
            "update payment set state = 'authorized' where state = 'voided'",
        ],
    ),
    (
        "payment_operations",
        "money nobody needs was never released",
        [
            "update payment set provider = 'other'",
            "delete from payment_operation where kind = 'void' and order_id is null",
        ],
    ),
    (
        "payment_operations",
        "the sandbox never set the money aside",
        [
            "delete from sandbox_charge where kind = 'authorization'",
        ],
    ),
    (
        "payment_operations",
        "the sandbox captured more",
        [
            "update sandbox_charge set amount_minor = amount_minor + 1 where kind = 'capture'",
        ],
    ),
    (
        "payment_operations",
        "the sandbox gave nothing back",
        [
            "delete from sandbox_charge where kind = 'refund'",
        ],
    ),
    (
        "payment_operations",
        "the sandbox released nothing",
        [
            "delete from sandbox_charge where kind = 'void'",
        ],
    ),
    (
        "payment_operations",
        "the sandbox charged a card that it declined",
        [
            "update sandbox_charge set decline_code = null where decline_code is not null",
        ],
    ),
    (
        "order_movements",
        "goods were promised to an order that does not exist",
        ["update stock_movement set document_id = id where type = 'allocated' and kit is null"],
    ),
    (
        "fulfillment_states",
        "what is open is said to be over",
        ["update fulfillment set state = 'cancelled' where state = 'allocated'"],
    ),
    (
        "order_movements",
        "more was rejected than was promised",
        ["update rejection set quantity = quantity + 1 where components is null"],
    ),
    (
        "order_movements",
        "what was rejected was never said to be",
        ["delete from rejection where components is null"],
    ),
    (
        "kits",
        "a kit was rejected that nobody ordered",
        ["update rejection set sku = 'OTHER' where components is not null"],
    ),
    (
        "order_parts",
        "what was rejected has no fulfillment",
        ["update rejection set fulfillment_id = gen_random_uuid()"],
    ),
    (
        "order_parts",
        "an exception has no order",
        ["update order_exception set order_id = gen_random_uuid()"],
    ),
    (
        "order_parts",
        "a payment has no order",
        ["insert into tender values (gen_random_uuid(), 1, 'cash', 1, null)"],
    ),
    (
        "carts",
        "a cart became an order that does not exist",
        [
            (
                "update cart set state = 'converted', order_id = gen_random_uuid() "
                "where note = 'for later'"
            )
        ],
    ),
    (
        "carts",
        "a cart that became an order is open",
        [
            "alter table cart drop constraint cart_order_of_converted",
            (
                "update cart set order_id = (select id from sales_order limit 1) "
                "where note = 'for later'"
            ),
        ],
    ),
    (
        "carts",
        "a cart became part of one that does not exist",
        ["update cart set merged_into = gen_random_uuid() where state = 'merged'"],
    ),
    (
        "carts",
        "two carts own one hold",
        [
            (
                "update cart set hold_ids = (select hold_ids from cart where note = 'held') "
                "where note = 'for later'"
            )
        ],
    ),
    (
        "refunds",
        "shipping was kept that is said to have gone back",
        ["update sales_order set shipping_kept = false where shipping_kept"],
    ),
    (
        "refunds",
        "shipping went back that is said to be kept",
        [
            (
                "update sales_order set shipping_kept = true"
                " where shipping is not null and customer = 'ben'"
            )
        ],
    ),
    (
        "refunds",
        "a customer is owed what no provider declined",
        ["update tender set owed_minor = owed_minor + 1 where reference = 'p-1'"],
    ),
    (
        "returns",
        "an order has a unit less in returns",
        [
            (
                "update order_line set returned_quantity = returned_quantity - 1"
                " where returned_quantity > received_quantity"
            )
        ],
    ),
    (
        "returns",
        "an order has back what its return awaits",
        [
            (
                "update order_line set received_quantity = returned_quantity"
                " where returned_quantity > received_quantity"
            )
        ],
    ),
    (
        "returns",
        "a return paid back a unit less than its order says",
        [
            (
                "update return_line set refunded_quantity = refunded_quantity - 1"
                " where refunded_quantity > 0"
            )
        ],
    ),
    (
        "returns",
        "what was never asked for is in a return",
        ["update return_line set quantity = quantity + 1"],
    ),
    (
        "returns",
        "what came back is of another SKU than what was sold",
        ["update return_line set sku = 'A' where received_quantity = 0"],
    ),
    (
        "returns",
        "a return is of an order that does not exist",
        [
            (
                "insert into sales_return (id, number, kind, order_id, currency, requested_at,"
                " requested_by, version, recorded_at, idempotency_key) values"
                " ('00000000-0000-7000-8000-000000000001', 'X', 'return', gen_random_uuid(), 'EUR',"
                " now(), gen_random_uuid(), 1, now(), 'x')"
            ),
            (
                "insert into return_line select '00000000-0000-7000-8000-000000000001', 1, 1, 'A',"
                " null, 1, 'x', 0, 0, 0, 0, 0"
            ),
            (
                "insert into event (id, document_type, document_id, sequence, type, occurred_at,"
                " recorded_at, actor_id, data) values (gen_random_uuid(), 'return',"
                " '00000000-0000-7000-8000-000000000001', 1, 'return_opened', now(), now(),"
                " gen_random_uuid(), '{}')"
            ),
        ],
    ),
    (
        "returns",
        "lines are of a return that does not exist",
        ["update return_line set return_id = gen_random_uuid() where received_quantity = 0"],
    ),
    (
        "returns",
        "units came back that nobody graded",
        ["delete from return_grading where from_disposition is null"],
    ),
    (
        "returns",
        "units were graded again as what they were not",
        ["update return_grading set from_disposition = 'destroyed' where reason = 'looked again'"],
    ),
    (
        "returns",
        "goods came back for a return that does not exist",
        ["update stock_movement set document_id = id where type = 'returned'"],
    ),
    (
        "returns",
        "more came back than the return says",
        [
            _move("BOOK", "returned", "customer", "available").replace(
                "'test', gen_random_uuid()",
                "'return', (select return_id from return_line where sku = 'BOOK' limit 1)",
            ),
            _on_hand("BOOK", 1),
        ],
    ),
    (
        "returns",
        "components came back for another kit",
        ["update stock_movement set kit = 'OTHER' where kit is not null and type = 'returned'"],
    ),
    (
        "event_sequences",
        "a change of a return is missing",
        ["delete from event where document_type = 'return' and type = 'return_graded'"],
    ),
    (
        "event_sequences",
        "a change of a cart is missing",
        ["delete from event where type = 'cart_held'"],
    ),
    ("event_sequences", "an event is missing", ["delete from event where type = 'cancelled'"]),
    (
        "idempotency_keys",
        "one key placed every order",
        ["update sales_order set idempotency_key = 'the-same'"],
    ),
    (
        "customers",
        "a card is nobody's",
        ["update customer_identity set customer_id = gen_random_uuid()"],
    ),
    (
        "customers",
        "nobody consented",
        ["update customer_consent set customer_id = gen_random_uuid()"],
    ),
    (
        "customers",
        "a note is about nobody",
        ["update customer_note set customer_id = gen_random_uuid()"],
    ),
    ("customers", "somebody erased is known", [f"{_ERASE} where id = {_KNOWN}"]),
    (
        "customers",
        "somebody merged is known still",
        [f"{_MERGE} {_UNKNOWN} where id = {_KNOWN}"],
    ),
    (
        "customers",
        "somebody was merged into nobody",
        [f"{_MERGE} gen_random_uuid() where id = {_UNKNOWN}"],
    ),
    (
        "customers",
        "somebody was merged into one who was erased",
        [
            f"{_MERGE} {_UNKNOWN} where id = {_LAST}",
            f"{_ERASE} where id = {_UNKNOWN}",
        ],
    ),
    (
        "event_sequences",
        "a customer changed, and no event says so",
        [f"update customer set version = version + 1 where id = {_KNOWN}"],
    ),
]


async def _books(retailer: Retailer) -> None:
    """Fill every ledger with something: all of it is true."""
    office = retailer.office

    async def put(sku: str, **more: Any) -> None:
        assert (await office.put(f"/v1/skus/{sku}", {"name": sku, **more})).is_success

    async def post(path: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await office.post(path, {"lines": list(lines), **more})
        assert answer.is_success, answer.text
        assert "refused" not in answer.text, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def at(sku: str, quantity: int, **more: Any) -> dict[str, Any]:
        return {"sku": sku, "location": "S1", "quantity": quantity, **more}

    await put("MILK", tracking="lot")
    await put("PHONE", tracking="serial")
    await put("LOST")
    await put("PACK", components=[{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}])
    await retailer.prices(MILK=100, PHONE=90_000, PACK=4000)
    cost = {"currency": "EUR"}
    await post(
        "/v1/stock/receipts",
        at("A", 20, unit_cost=cost | {"amount": "1000"}),
        at("B", 20),
        at("C", 3),
        at("A", 1, unit_cost=cost | {"amount": "1500.5"}),
        at("MILK", 5, lot="L1", expires_on="2099-01-01"),
        at("PHONE", 2, serials=["s-1", "s-2"]),
    )
    await post("/v1/stock/set-asides", at("A", 2, to_state="damaged", reason="damaged"))
    await post("/v1/stock/counts", at("B", 19), at("MILK", 4, lot="L1"))
    await post("/v1/holds", at("PACK", 2))
    carried = served("carry_out", "S1", line("MILK", 1), line("PHONE", 1, serials=["s-2"]))
    for wanted, paid in (
        (served("pickup", "S1", line("A", 2)), 4000),
        (served("ship", "S1", line("PACK", 1)), 4000),
        (carried, 90_100),
        (served("pickup", "S1", line("C", 3)), 297),
    ):
        placed = await office.post("/v1/orders", order(wanted, paid=paid) | {"channel": "web"})
        assert placed.status_code == 201, placed.text
        if paid == 297:
            path = f"/v1/orders/{placed.json()['id']}/cancellation"
            lines = [{"line": 1, "quantity": 1}]
            assert (await office.post(path, {"reason": "no", "lines": lines})).is_success
    # Two of C are owed, and only one is there.
    stolen = {"sku": "C", "location": "S1", "change": -2, "reason": "theft"}
    await post("/v1/stock/adjustments", stolen)
    assert euro(99) == placed.json()["fulfillments"][0]["lines"][0]["unit_price"]
    await retailer.receive("LOST", S1=2)
    await not_found(retailer, "LOST", "S1")
    await _rejections(retailer)
    await _carts(retailer)
    await _customers(retailer)
    await _priced_books(retailer)
    await _accounts(retailer)
    await _card_payments(Cards(retailer))
    await _paid_later(retailer)
    await _returns(retailer)


async def _returns(retailer: Retailer) -> None:
    """Have goods back of parcels: books, paid back as store credit, one graded again; a kit of them."""
    office = retailer.office

    async def post(path: str, **body: Any) -> dict[str, Any]:
        answer = await office.post(path, body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    assert (await office.put("/v1/skus/BOOK", {"name": "Book"})).is_success
    pair = [{"sku": "BOOK", "quantity": 2}]
    assert (await office.put("/v1/skus/TWO-BOOKS", {"name": "Two", "components": pair})).is_success
    kept = {"refund_shipping": False}
    assert (await office.put("/v1/channels/web/return-policy", kept)).is_success
    await retailer.prices(**{"BOOK": 1000, "TWO-BOOKS": 1800})
    await retailer.receive("BOOK", S1=5)
    credit = {"refund": {"method": "store_credit"}}
    for sku, sold, back, paid in (("BOOK", 3, 2, 3499), ("TWO-BOOKS", 1, 1, 2299)):
        wanted = order(served("ship", "S1", line(sku, sold)), paid=paid) | {
            "channel": "web",
            "customer": "cleo",
            "shipping": {"price": euro(499)},
        }
        sale = await post("/v1/orders", **wanted)
        assert (await office.leave(sale["fulfillments"][0])).is_success
        one = {"line": 1, "reason": "not read"}
        made = await post(
            "/v1/returns",
            order=sale["id"],
            received=True,
            location="S1",
            lines=[one | {"quantity": back}],
            **credit,
        )
        if back < sold:
            await post("/v1/returns", order=sale["id"], lines=[one | {"quantity": 1}])
    await post(
        f"/v1/returns/{made['id']}/dispositions",
        line=1,
        quantity=1,
        from_disposition="sellable",
        to_disposition="damaged",
        reason="looked again",
    )


async def _paid_later(retailer: Retailer) -> None:
    """Take, let go and give back what a gift card and a card pay for two orders."""
    office = retailer.office
    await office.post("/v1/gift-cards", {"code": "TENDERED-CARD-1", "amount": euro(9000)})
    authorized = await retailer.web.post(
        "/v1/payments", {"type": "card", "amount": euro(1500), "method": "ok"}
    )
    for tender in (
        {"type": "gift_card", "account": "TENDERED-CARD-1", "amount": euro(1500)},
        {"type": "card", "payment": authorized.json()["id"], "amount": euro(1500)},
    ):
        wanted = order(served("ship", "S1", line("B", 3)), paid=0) | {"tenders": [tender]}
        placed = await retailer.web.post("/v1/orders", wanted)
        assert placed.status_code == 201, placed.text
        one = {"lines": [{"line": 1, "quantity": 1}]}
        path = f"/v1/fulfillments/{placed.json()['fulfillments'][0]['id']}/shipment"
        assert (await office.post(path, one)).is_success
        path = f"/v1/orders/{placed.json()['id']}/cancellation"
        assert (await office.post(path, one | {"reason": "no"})).is_success
        match = {"reason": "less", "lines": [{"line": 1, "unit_price": euro(400)}]}
        path = f"/v1/orders/{placed.json()['id']}/price-adjustments"
        caller = retailer.callers["office"]
        assert (await caller.post(path, match)).status_code in {200, 403}


async def _rejections(retailer: Retailer) -> None:
    """Reject a kit that another location serves, and what no other location has."""
    office = retailer.office
    for sku in ("CUP", "SAUCER", "ONLY"):
        assert (await office.put(f"/v1/skus/{sku}", {"name": sku})).is_success
    pair = [{"sku": "CUP", "quantity": 2}, {"sku": "SAUCER", "quantity": 1}]
    assert (await office.put("/v1/skus/PAIR", {"name": "Pair", "components": pair})).is_success
    await retailer.prices(PAIR=900, ONLY=100)
    await retailer.receive("CUP", S2=2, WH=2)
    await retailer.receive("SAUCER", S2=1, WH=1)
    await retailer.receive("ONLY", S2=1)
    for sku, paid in (("PAIR", 900), ("ONLY", 100)):
        wanted = order(served("ship", "S2", line(sku, 1)), paid=paid)
        placed = await retailer.web.post("/v1/orders", wanted)
        assert placed.status_code == 201, placed.text
        path = f"/v1/fulfillments/{placed.json()['fulfillments'][0]['id']}/rejection"
        assert (await office.post(path, {"reason": "no_variance"})).is_success


async def _customers(retailer: Retailer) -> None:
    """Know somebody by a card, with a consent and a note; two others by nothing."""
    known = {
        "identities": [{"kind": "loyalty_card", "value": "42"}],
        "consents": [{"purpose": "sms", "granted": True}],
    }
    made = await retailer.web.post("/v1/customers", known)
    assert made.status_code == 201, made.text
    path = f"/v1/customers/{made.json()['id']}/notes"
    assert (await retailer.web.post(path, {"text": "likes blue"})).is_success
    for _ in range(2):
        assert (await retailer.web.post("/v1/customers", {"given_name": "x"})).is_success


async def _accounts(retailer: Retailer) -> None:
    """Hold, spend and give back of a gift card and a store credit; adjust and block the card."""
    office = retailer.office

    async def post(path: str, **body: Any) -> UUID:
        answer = await office.post(path, body)
        assert answer.is_success, answer.text
        return UUID(answer.json()["id"])

    card = await post("/v1/gift-cards", code="AUDITED-CARD-1", amount=euro(5000))
    credit = await post("/v1/store-credits", amount=euro(700))
    now, order_id = clock.now(), new_id()

    def of(number: int) -> payments.EntrySource:
        return payments.EntrySource(
            actor_id=order_id, occurred_at=now, order_id=order_id, tender_number=number
        )

    async def pay(tx: Transaction) -> None:
        (accounts,) = await tx.read(payments.lock_accounts(["audited-card-1", str(credit)], []))
        refusals = [
            accounts.spend(card, 1500, EUR, of(1), now=now),
            accounts.hold(card, 300, EUR, of(2), now=now),
            accounts.void(card, 300, of(2)),
            accounts.hold(card, 200, EUR, of(3), now=now),
            accounts.refund(card, 500, EUR, of(1)),
            accounts.spend(credit, 700, EUR, of(4), now=now),
        ]
        assert refusals == [None] * len(refusals)
        await tx.write(*payments.write_accounts(accounts, now=now))

    await retailer.process.database.run(pay)
    path = f"/v1/accounts/{card}"
    await post(f"{path}/adjustments", change=euro(-100), reason="a scratch")
    await post(f"{path}/status", status="blocked", reason="lost")
    await post(f"{path}/status", status="active", reason="found")


async def _card_payments(cards: Cards) -> None:
    """Capture 15.00 of 20.00 and give 5.00 back; void a payment that nobody needs; decline one."""
    await cards.request(await cards.sold(), ("capture", 1500), ("refund", 500))
    await cards.pay()
    await cards.pay("declined")
    cards.clock.move(hours=1)
    assert await payments.void_unused(cards.database, cards.clock) == 1
    assert await cards.settle_all() == 3


async def _carts(retailer: Retailer) -> None:
    """Put carts together, hold for one of them, and merge two."""
    wanted = {"lines": [{"sku": "B", "quantity": 1, "location": "S1"}]}
    for note in ("for later", "held", "merged"):
        made = await retailer.web.post("/v1/carts", wanted | {"note": note})
        assert made.status_code == 201, made.text
        path = f"/v1/carts/{made.json()['id']}"
        if note == "held":
            target = path
            assert (await retailer.web.post(f"{path}/hold", {})).is_success
    merging = {"from": made.json()["id"]}
    assert (await retailer.web.post(f"{target}/merge", merging)).is_success


async def _priced_books(retailer: Retailer) -> None:
    """Sell with discounts, coupons, taxes, shipping and small coins; give some of it back."""
    office = retailer.office

    async def put(path: str, **body: Any) -> None:
        answer = await office.put(path, body)
        assert answer.is_success, answer.text

    async def post(path: str, **body: Any) -> dict[str, Any]:
        answer = await office.post(path, body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def sell(*lines: dict[str, Any], paid: int, by: str = "card", **more: Any) -> str:
        wanted = order(served("ship", "S1", *lines), paid=paid, by=by)
        placed = await post("/v1/orders", **wanted, channel="web", **more)
        return f"/v1/orders/{placed['id']}"

    rate = {"tax_class": "standard", "rate_ppm": 190_000, "valid_from": "2020-01-01T00:00:00Z"}
    await put("/v1/tax-rates", rates=[rate])
    await put("/v1/currencies/EUR", cash_step=5)
    await put("/v1/skus/SOAP", name="Soap")
    await retailer.prices(SOAP=99)
    await retailer.receive("SOAP", S1=9)
    ten = {"type": "percent", "rate_ppm": 100_000}
    await put("/v1/promotions/ten", name="Ten", action=ten, skus=["A"], usage_limit=9)
    off = {"type": "amount", "amount": euro(100), "level": "order"}
    await put("/v1/promotions/save", name="Save", action=off, currency="EUR", coupon_only=True)
    await put("/v1/coupons/SAVE", promotion="save", usage_limit=2, limit_per_customer=1)
    trade = {"scope": {"customer_group": "trade"}, "tax_included": False, "priority": 5}
    await put("/v1/price-lists/trade", name="Trade", currency="EUR", **trade)
    prices = [{"sku": "A", "price": euro(1500)}]
    await put("/v1/price-lists/trade/prices", prices=prices)

    # 2 × 20.00, 10 % off, 1.00 off, and shipping; matched to 17.00 each; one of them cancelled.
    saving: dict[str, Any] = {"coupons": [{"code": "save"}], "shipping": {"price": euro(499)}}
    kept = await sell(line("A", 2), paid=3999, customer="anna", **saving)
    match = {"reason": "seen for less", "lines": [{"line": 1, "unit_price": euro(1700)}]}
    await post(f"{kept}/price-adjustments", **match)
    one = {"reason": "one is enough", "lines": [{"line": 1, "quantity": 1}]}
    await post(f"{kept}/cancellation", **one)
    # 2.97 are 2.95 in coins, and 0.99 of it are 1.00.
    coins = await sell(line("SOAP", 3), paid=295, by="cash")
    await post(f"{coins}/cancellation", **one)
    # All of it comes to nothing, shipping and coupon too.
    nothing = await sell(line("A", 1), paid=2199, customer="ben", **saving)
    await post(f"{nothing}/cancellation", reason="never mind")
    # Of 2.97, 1.98 is taken off: 0.99 pays for what comes in, and 0.99 goes back.
    edited = await sell(line("SOAP", 3), paid=297)
    fewer = {"reason": "another one", "lines": [{"line": 1, "quantity": 1}]}
    await post(f"{edited}/edits", **fewer, add=[served("ship", "S1", line("SOAP", 1))])
    # 15.00 less 10 %, and 19 % on top.
    await sell(line("A", 1), paid=1607, customer_groups=["trade"])


async def _audit(tx: Transaction) -> list[audit.Finding]:
    return await audit.audit(tx, now=clock.now())


class _Planted(Exception):
    """Ends the transaction of a fault, which goes with it."""


async def _plant(database: Database, statements: list[str]) -> list[str]:
    """Return the checks that fail with a fault planted; it goes with its transaction."""
    failed: list[str] = []
    with suppress(_Planted):
        async with database.transaction() as tx:
            for statement in statements:
                assert await tx.execute(statement) or statement.startswith("alter"), statement
            failed += [found.check for found in await _audit(tx) if not found.holds]
            raise _Planted
    return failed


async def test_one_fault_fails_one_check(retailer: Retailer) -> None:
    """Given true books, when one thing in them is made untrue, then exactly its check says so."""
    await _books(retailer)
    async with retailer.process.database.transaction(snapshot=True) as tx:
        before = await _audit(tx)

    found = {
        fault: await _plant(retailer.process.database, statements)
        for _, fault, statements in FAULTS
    }

    assert [finding for finding in before if not finding.holds] == []
    assert found == {fault: [check] for check, fault, _ in FAULTS}


# The books of these are those of tests/test_audit_of_claims.py, which sees that they fail there.
ELSEWHERE = frozenset({"returns", "claims"})
# And of these those of tests/test_audit_of_points.py.
OF_POINTS = frozenset({"points", "points_holds", "points_reviews", "order_points", "members"})


def test_every_check_is_seen_to_fail() -> None:
    seen = {check for check, _, _ in FAULTS} | ELSEWHERE | OF_POINTS
    assert seen == {check.name for check in audit.CHECKS}
