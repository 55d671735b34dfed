"""CSV files into the books, through the domains' own doors; each row is taken or refused by itself.

Columns are named in the first line, in any order; what is left empty takes its default.

| kind | columns (those after the bar may be left out) |
|---|---|
| locations | code, name \\| kind, time_zone, latitude, longitude, capabilities (a b c, or none), |
| | status, safety_stock, region |
| skus | code, name \\| tax_class, status, barcodes (a b c), internal_barcodes (a b c), tracking, |
| | components (SKU:2/OTHER:1), ordering (back_order, pre_order), ordering_limit, ships_at, |
| | categories (a b c) |
| prices | price_list, sku, amount (12.50), currency \\| valid_from |
| tax_rates | tax_class, rate_percent (5.5), valid_from \\| region |
| receipts | sku, location, quantity \\| reason, lot, expires_on, serials (a b c), |
| | unit_cost (12.50), currency, expected_receipt, occurred_at |
| adjustments | sku, location, change, reason \\| lot, occurred_at |
| set_asides | sku, location, quantity, to_state, reason \\| from_state, lot, occurred_at |
| counts | sku, location, quantity \\| expected, lot, occurred_at |
| safety_stock | sku, location, quantity |
| customers | external_id \\| given_name, family_name, birth_date, locale, customer_groups (a b c), |
| | email, phone, phone_region, loyalty_card |
| loyalty_balances | customer (external_id or loyalty_card), points \\| reason, expires_at |

A customer who has the external id is replaced, but for addresses and what else it is known by. Points
come to the customer's loyalty account, which is opened where there is none; without an `expires_at` they
last as long as the programme says. Other times mean now where they are left out; all are RFC 3339 with
their zone. Amounts have as many decimals as the
retailer gives their currency. What only an export says of a place or a count is passed over, so that
levels come in as counts or receipts, and a report of refused rows comes in once it is mended.
"""

from omniretail.imports.files import (
    REPORT_COLUMNS,
    Refused,
    Row,
    Taken,
    TakeRows,
    UnreadableFile,
    read,
    take,
)
from omniretail.imports.kinds import KINDS, SCOPES, Kind

__all__ = [
    "KINDS",
    "REPORT_COLUMNS",
    "SCOPES",
    "Kind",
    "Refused",
    "Row",
    "TakeRows",
    "Taken",
    "UnreadableFile",
    "read",
    "take",
]
