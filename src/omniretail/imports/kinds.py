"""The kinds of CSV files: the columns of each, and what a row means to its domain. Pure.

A cell must be what the same field must be in a request's body.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

import msgspec
from msgspec import Meta

from omniretail import catalog, clock, customers, inventory, loyalty, pricing
from omniretail.errors import Invalid
from omniretail.forms import CODE, COUNTRY, CURRENCY, LOCALE, TEXT, in_words
from omniretail.money import MILLION, fraction_of_minor_units, minor_units

Kind = Literal[
    "adjustments",
    "counts",
    "customers",
    "locations",
    "loyalty_balances",
    "prices",
    "receipts",
    "safety_stock",
    "set_asides",
    "skus",
    "tax_rates",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

SCOPES: dict[Kind, str] = {
    "adjustments": "stock:write",
    "counts": "stock:write",
    "customers": "customers:write",
    "locations": "catalog:write",
    "loyalty_balances": "loyalty:adjust",
    "prices": "prices:write",
    "receipts": "stock:write",
    "safety_stock": "stock:write",
    "set_asides": "stock:write",
    "skus": "catalog:write",
    "tax_rates": "prices:write",
}
"""What a key must be allowed to do to import a kind."""

_MOST = 2**31 - 1
_WHOLE = frozenset({"quantity", "change", "expected", "safety_stock", "ordering_limit", "points"})
_DECIMAL = frozenset({"latitude", "longitude"})
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")
_DECIMAL_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,30})?")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?")
_FAULT = re.compile(r"(?P<said>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<column>\w+)`")

Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=CODE)]
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=TEXT)]
LongText = Annotated[str, Meta(pattern=TEXT)]
Currency = Annotated[str, Meta(pattern=CURRENCY)]
Quantity = Annotated[int, Meta(ge=1, le=_MOST)]
Figure = Annotated[int, Meta(ge=0, le=_MOST)]
Moment = Annotated[datetime, Meta(tz=True)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=50)]
Groups = Annotated[tuple[Code, ...], Meta(max_length=customers.MOST_GROUPS)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=TEXT)]
Serials = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=64, pattern=TEXT)], ...],
    Meta(max_length=10_000),
]
Value = TypeVar("Value")


class Reading(NamedTuple):
    """What a row is read by: the time, and how many decimals amounts have besides ISO 4217's."""

    now: datetime
    exponents: Mapping[str, int]


class _Cells(msgspec.Struct, frozen=True, kw_only=True):
    """The cells of a row, each as what it must be; a column that may be left out has a default."""

    passed_over: ClassVar[frozenset[str]] = frozenset()
    """Columns of an export that say nothing here."""


class _Location(_Cells, frozen=True, kw_only=True):
    code: Code
    name: Text
    kind: Literal["store", "warehouse"] = "store"
    time_zone: Text = "UTC"
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    capabilities: Text | None = None
    status: Literal["active", "inactive"] = "active"
    safety_stock: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    region: Code | None = None

    def meaning(self, reading: Reading) -> catalog.LocationSpec:
        fields = msgspec.structs.asdict(self)
        del fields["capabilities"]
        if self.capabilities is not None:
            named = () if self.capabilities == "none" else self.capabilities.split()
            fields["capabilities"] = _told("capabilities", named, tuple[catalog.Capability, ...])
        return catalog.LocationSpec(**fields)


class _Sku(_Cells, frozen=True, kw_only=True):
    code: Code
    name: Text
    tax_class: Code = "standard"
    status: Literal["active", "blocked"] = "active"
    barcodes: LongText = ""
    internal_barcodes: LongText = ""
    tracking: catalog.Tracking | None = None
    components: LongText = ""
    ordering: Literal["back_order", "pre_order"] | None = None
    ordering_limit: Figure | None = None
    ships_at: Moment | None = None
    categories: LongText = ""

    def meaning(self, reading: Reading) -> catalog.SkuSpec:
        gtins = _told("barcodes", self.barcodes.split(), Codes)
        internal = _told("internal_barcodes", self.internal_barcodes.split(), Codes)
        return catalog.SkuSpec(
            code=self.code,
            name=self.name,
            tax_class=self.tax_class,
            status=self.status,
            barcodes=(
                *(catalog.Barcode(code) for code in gtins),
                *(catalog.Barcode(code, "internal") for code in internal),
            ),
            tracking=self.tracking,
            components=tuple(_component(part) for part in self.components.split("/") if part),
            ordering=self._ordering(),
            categories=_told("categories", self.categories.split(), Codes),
        )

    def _ordering(self) -> catalog.Ordering | None:
        if self.ordering is not None:
            ships_at = self.ships_at and _utc("ships_at", self.ships_at)
            return catalog.Ordering(self.ordering, self.ordering_limit or 0, ships_at)
        if self.ordering_limit is not None or self.ships_at is not None:
            raise _fault("ordering", "ordering_limit and ships_at belong to an ordering")
        return None


class _Price(_Cells, frozen=True, kw_only=True):
    price_list: Code
    sku: Code
    amount: Text
    currency: Currency
    valid_from: Moment | None = None

    def meaning(self, reading: Reading) -> pricing.NewPrice:
        try:
            amount = minor_units(
                self.amount, self.currency, exponent=reading.exponents.get(self.currency)
            )
        except ValueError as error:
            raise _fault("amount", str(error)) from error
        return pricing.NewPrice(
            price_list=self.price_list,
            sku=self.sku,
            amount_minor=amount,
            currency=self.currency,
            valid_from=_utc("valid_from", self.valid_from) if self.valid_from else reading.now,
        )


class _TaxRate(_Cells, frozen=True, kw_only=True):
    tax_class: Code
    region: Code = ""
    rate_percent: Text
    valid_from: Moment

    def meaning(self, reading: Reading) -> pricing.TaxRate:
        found = _PERCENT.fullmatch(self.rate_percent)
        rate_ppm = int(found[1] + (found[2] or "").ljust(4, "0")) if found else -1
        if not 0 <= rate_ppm <= MILLION:
            raise _fault("rate_percent", "A rate is 0 to 100 percent, with 4 decimals at most")
        return pricing.TaxRate(
            tax_class=self.tax_class,
            region=self.region,
            valid_from=_utc("valid_from", self.valid_from),
            rate_ppm=rate_ppm,
        )


class _Stock(_Cells, frozen=True, kw_only=True):
    """What every row of a stock document says."""

    sku: Code
    location: Code
    lot: Code | None = None
    occurred_at: Moment | None = None

    def row(self, quantity: int, reading: Reading, **more: Any) -> inventory.DocumentRow:
        at = reading.now
        if self.occurred_at is not None:
            try:
                at = clock.happened(self.occurred_at, now=reading.now)
            except ValueError as error:
                raise _fault("occurred_at", str(error)) from error
        return inventory.DocumentRow(
            sku=self.sku,
            location=self.location,
            quantity=quantity,
            lot=self.lot,
            occurred_at=at,
            **more,
        )


_OF_A_LEVEL = frozenset(
    {
        *("damaged", "quality_control", "allocated", "held", "safety_stock", "suspected"),
        *("moved_at", "counted_at"),
    }
)


class _Receipt(_Stock, frozen=True, kw_only=True):
    passed_over = _OF_A_LEVEL

    quantity: Quantity
    reason: Code = "purchase"
    expires_on: date | None = None
    serials: LongText = ""
    unit_cost: Text | None = None
    currency: Currency | None = None
    expected_receipt: UUID | None = None

    def meaning(self, reading: Reading) -> inventory.DocumentRow:
        return self.row(
            self.quantity,
            reading,
            reason=self.reason,
            expires_on=self.expires_on,
            serials=_told("serials", self.serials.split(), Serials) or None,
            unit_cost=self._cost(reading),
            expected_receipt=self.expected_receipt,
        )

    def _cost(self, reading: Reading) -> inventory.Cost | None:
        if self.unit_cost is None or self.currency is None:
            if self.unit_cost is not None or self.currency is not None:
                column = "unit_cost" if self.unit_cost is None else "currency"
                raise _fault(column, "A cost is an amount and its currency")
            return None
        try:
            amount = fraction_of_minor_units(
                self.unit_cost, self.currency, exponent=reading.exponents.get(self.currency)
            )
        except ValueError as error:
            raise _fault("unit_cost", str(error)) from error
        return inventory.Cost(amount, self.currency)


class _Adjustment(_Stock, frozen=True, kw_only=True):
    change: Annotated[int, Meta(ge=-_MOST, le=_MOST)]
    reason: Code

    def meaning(self, reading: Reading) -> inventory.DocumentRow:
        if self.change == 0:
            raise _fault("change", "A change is not 0")
        return self.row(self.change, reading, reason=self.reason)


class _SetAside(_Stock, frozen=True, kw_only=True):
    quantity: Quantity
    from_state: inventory.Shelf = "available"
    to_state: inventory.Shelf | Literal["shrinkage"]
    reason: Code

    def meaning(self, reading: Reading) -> inventory.DocumentRow:
        if self.from_state == self.to_state:
            raise _fault("to_state", "Goods go from one state to another")
        if (self.from_state, self.to_state) == ("available", "shrinkage"):
            raise _fault("to_state", "What is on sale is lost by an adjustment")
        return self.row(
            self.quantity,
            reading,
            from_state=self.from_state,
            to_state=self.to_state,
            reason=self.reason,
        )


class _Count(_Stock, frozen=True, kw_only=True):
    passed_over = _OF_A_LEVEL | {
        *("expires_on", "id", "variance", "recorded_at", "document_id", "actor_id"),
    }

    quantity: Figure
    expected: Annotated[int, Meta(ge=-_MOST, le=_MOST)] | None = None

    def meaning(self, reading: Reading) -> inventory.DocumentRow:
        return self.row(self.quantity, reading, expected=self.expected)


class _Customer(_Cells, frozen=True, kw_only=True):
    external_id: Code
    given_name: Name | None = None
    family_name: Name | None = None
    birth_date: date | None = None
    locale: Annotated[str, Meta(pattern=LOCALE)] | None = None
    customer_groups: LongText = ""
    email: Text | None = None
    phone: Text | None = None
    phone_region: Annotated[str, Meta(pattern=COUNTRY)] | None = None
    loyalty_card: Text | None = None

    def meaning(self, reading: Reading) -> customers.PutCustomer:
        if self.birth_date is not None and self.birth_date > reading.now.date():
            raise _fault("birth_date", "It lies ahead")
        if self.phone is None and self.phone_region is not None:
            raise _fault("phone", "A region belongs to a phone number")
        return customers.PutCustomer(
            external_id=_identity("external_id", self.external_id),
            profile=customers.Profile(
                given_name=self.given_name,
                family_name=self.family_name,
                birth_date=self.birth_date,
                locale=self.locale,
                customer_groups=_told("customer_groups", self.customer_groups.split(), Groups),
            ),
            identities=(
                *([_identity("email", self.email)] if self.email else []),
                *([_identity("phone", self.phone, self.phone_region)] if self.phone else []),
                *([_identity("loyalty_card", self.loyalty_card)] if self.loyalty_card else []),
            ),
        )


class _SafetyStock(_Cells, frozen=True, kw_only=True):
    sku: Code
    location: Code
    quantity: Annotated[int, Meta(ge=0, le=catalog.MOST_SAFETY_STOCK)]

    def meaning(self, reading: Reading) -> inventory.SafetyRow:
        return inventory.SafetyRow(sku=self.sku, location=self.location, quantity=self.quantity)


class _LoyaltyBalance(_Cells, frozen=True, kw_only=True):
    customer: Code
    points: Annotated[int, Meta(ge=1, le=loyalty.MOST_POINTS)]
    reason: Text = "opening_balance"
    expires_at: Moment | None = None

    def meaning(self, reading: Reading) -> loyalty.OpeningBalance:
        ends = self.expires_at and _utc("expires_at", self.expires_at)
        return loyalty.OpeningBalance(
            customer=self.customer, points=self.points, reason=self.reason, expires_at=ends
        )


_AnyCells = (
    _Location
    | _Sku
    | _Price
    | _TaxRate
    | _Receipt
    | _Adjustment
    | _SetAside
    | _Count
    | _SafetyStock
    | _Customer
    | _LoyaltyBalance
)
_CELLS: dict[Kind, type[_AnyCells]] = {
    "adjustments": _Adjustment,
    "counts": _Count,
    "customers": _Customer,
    "locations": _Location,
    "loyalty_balances": _LoyaltyBalance,
    "prices": _Price,
    "receipts": _Receipt,
    "safety_stock": _SafetyStock,
    "set_asides": _SetAside,
    "skus": _Sku,
    "tax_rates": _TaxRate,
}


def required(kind: Kind) -> frozenset[str]:
    """Return the columns that a file of a kind must have."""
    fields = msgspec.structs.fields(_CELLS[kind])
    return frozenset(field.name for field in fields if field.required)


def known(kind: Kind) -> frozenset[str]:
    """Return the columns that a file of a kind may have, those that are passed over among them."""
    return frozenset(_CELLS[kind].__struct_fields__) | _CELLS[kind].passed_over


def meaning(kind: Kind, cells: dict[str, str], reading: Reading) -> object:
    """Return what a row says, or the error that names the column which does not say it."""
    given = {
        name: _number(name, cell)
        for name, cell in cells.items()
        if cell and name not in _CELLS[kind].passed_over
    }
    try:
        return msgspec.convert(given, _CELLS[kind]).meaning(reading)
    except msgspec.ValidationError as error:
        return _not_valid(str(error))
    except Invalid as error:
        return error


def _number(column: str, cell: str) -> str | int | float:
    """Return a cell as a number where it is one and should be; otherwise as it stands, to be refused."""
    if column in _WHOLE and _WHOLE_NUMBER.fullmatch(cell):
        return int(cell)
    if column in _DECIMAL and _DECIMAL_NUMBER.fullmatch(cell):
        return float(cell)
    return cell


def _not_valid(message: str, column: str = "") -> Invalid:
    """Return the error for what msgspec says of a row: a text that ends in a path."""
    if missing := _MISSING.match(message):
        return _fault(missing["column"], "is empty")
    found = _FAULT.fullmatch(message)
    assert found is not None, "any text matches"
    return _fault(column or found["path"] or "", in_words(found["said"]))


def _told(column: str, value: object, kind: type[Value]) -> Value:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _not_valid(str(error), column) from error


def _component(part: str) -> catalog.Component:
    # A code may hold a colon, a quantity does not.
    sku, _, quantity = part.strip().rpartition(":")
    if not sku or not re.fullmatch("[0-9]{1,9}", quantity):
        raise _fault("components", f"{part[:80]!r} is not a SKU, a colon and a quantity")
    return catalog.Component(sku, int(quantity))


def _identity(
    kind: customers.IdentityKind, cell: str, region: str | None = None
) -> customers.Identity:
    """Return the identity that the column of its kind says."""
    try:
        return customers.kept_identity(kind, cell, region=region)
    except Invalid as error:
        raise _fault(kind, error.detail) from error


def _utc(column: str, moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise _fault(column, "The calendar ends before") from error


def _fault(column: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": f"/{column}", "detail": detail}])
