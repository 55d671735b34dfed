"""Customers over HTTP: profiles, by what each is known, consents, notes; and finding one.

Whoever may read customers may see each of them, in any channel. No address holds a personal value,
since addresses end up in logs: whoever looks for somebody sends a body.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request as HttpRequest
from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from omniretail import clock, customers, orders
from omniretail.api.baskets import ShipToRequest
from omniretail.api.etags import IfMatch, expected_version, tagged
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.paging import Cursor, Limit, Page, id_cursor, page
from omniretail.api.process import Process, Tx
from omniretail.api.wire import Code, Moment, Request, Text, View, moment
from omniretail.errors import Invalid
from omniretail.forms import COUNTRY, LOCALE, TEXT
from omniretail.ids import new_id

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=TEXT)]
Locale = Annotated[str, Meta(pattern=LOCALE, description="BCP 47", examples=["de", "pt-BR"])]
CustomerGroups = Annotated[
    tuple[Code, ...],
    Meta(max_length=customers.MOST_GROUPS, description="As you state them; price lists go by them"),
]
Addresses = Annotated[tuple[ShipToRequest, ...], Meta(max_length=customers.MOST_ADDRESSES)]
IdentityValue = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=customers.LONGEST_VALUE,
        pattern=TEXT,
        description="An e-mail address, a phone number, a card's number, an app's subject, or a code",
        examples=["ann@example.com"],
    ),
]


class IdentityRequest(Request, frozen=True, kw_only=True):
    """By what a customer is known. An `app` has its `issuer`, an https:// address.

    A phone number begins with + and its country code, or `region` names its country.
    """

    kind: customers.IdentityKind
    value: IdentityValue
    issuer: Annotated[str, Meta(min_length=1, max_length=500, pattern=TEXT)] | None = None
    region: Annotated[str, Meta(pattern=COUNTRY, description="ISO 3166-1")] | None = None

    def identity(self, within: str = "") -> customers.Identity:
        """Return the identity as it is kept. Raises: Invalid, which points `within` the request."""
        return customers.kept_identity(
            self.kind, self.value, issuer=self.issuer, region=self.region, within=within
        )


class IdentityRemovalRequest(IdentityRequest, frozen=True, kw_only=True):
    """By what a customer is known no longer, in any spelling."""


class ConsentRequest(Request, frozen=True, kw_only=True):
    """What a customer decided about one purpose, when, and where that can be looked up."""

    purpose: Annotated[Code, Meta(examples=["email_marketing"])]
    granted: bool
    decided_at: Moment | None = None
    source: Text | None = None


class CustomerRequest(Request, frozen=True, kw_only=True):
    """A customer, with all that is known by now."""

    given_name: Name | None = None
    family_name: Name | None = None
    birth_date: date | None = None
    locale: Locale | None = None
    customer_groups: CustomerGroups = ()
    addresses: Addresses = ()
    identities: Annotated[
        tuple[IdentityRequest, ...], Meta(max_length=customers.MOST_IDENTITIES)
    ] = ()
    consents: Annotated[tuple[ConsentRequest, ...], Meta(max_length=customers.MOST_PURPOSES)] = ()


class CustomerChangeRequest(Request, frozen=True, kw_only=True):
    """What changes in a profile; what is left out stays, null takes away. Lists are replaced."""

    given_name: Name | UnsetType | None = UNSET
    family_name: Name | UnsetType | None = UNSET
    birth_date: date | UnsetType | None = UNSET
    locale: Locale | UnsetType | None = UNSET
    customer_groups: CustomerGroups | UnsetType = UNSET
    addresses: Addresses | UnsetType = UNSET


class ConsentsRequest(Request, frozen=True, kw_only=True):
    """What a customer decided, purpose by purpose."""

    consents: Annotated[
        tuple[ConsentRequest, ...], Meta(min_length=1, max_length=customers.MOST_PURPOSES)
    ]


class NoteRequest(Request, frozen=True, kw_only=True):
    """What shall be noted about a customer."""

    text: Annotated[str, Meta(min_length=1, max_length=2000, pattern=TEXT)]


class CustomerSearchRequest(Request, frozen=True, kw_only=True):
    """Who is looked for: by an identity, or by how the family name begins, in any case of letters."""

    identity: IdentityRequest | None = None
    name: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(max_length=1100)] | None = None


class IdentityView(View, frozen=True, kw_only=True):
    """By what a customer is known, as it is kept, and since when."""

    kind: customers.IdentityKind
    value: str
    issuer: str | None
    added_at: Moment


class ConsentView(View, frozen=True, kw_only=True):
    """A decision about one purpose."""

    id: UUID
    purpose: str
    granted: bool
    decided_at: Moment
    recorded_at: Moment
    channel: str | None
    actor_id: UUID
    source: str | None


class CustomerView(View, frozen=True, kw_only=True):
    """A customer; `consents` are the decisions that count now, one per purpose.

    One that is `merged` leads to another one by `merged_into`; one that is `erased` says nothing.
    """

    id: UUID
    version: int
    status: customers.CustomerStatus
    merged_into: UUID | None
    given_name: str | None
    family_name: str | None
    birth_date: date | None
    locale: str | None
    customer_groups: tuple[str, ...]
    addresses: tuple[orders.ShipTo, ...]
    identities: list[IdentityView]
    consents: list[ConsentView]
    channel: str | None
    created_at: Moment
    updated_at: Moment


class NoteView(View, frozen=True, kw_only=True):
    """What somebody noted about a customer."""

    id: UUID
    text: str
    noted_at: Moment
    actor_id: UUID
    channel: str | None


@post("/v1/customers", opt={"scope": "customers:write"}, status_code=201)
async def create_customer(
    request: HttpRequest[Any, Any, Any],
    data: JSONBody[CustomerRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerView]:
    """Make a customer, known by what nobody else is known by."""
    now = clock.now()
    command = customers.CreateCustomer(
        key=key(idempotency_key, request.user, request.url.path, data),
        actor_id=request.user.id,
        channel=request.user.channel,
        customer_id=new_id(),
        profile=customers.Profile(
            given_name=data.given_name,
            family_name=data.family_name,
            birth_date=_born(data.birth_date, now),
            locale=data.locale,
            customer_groups=data.customer_groups,
            addresses=_addresses(data.addresses),
        ),
        identities=tuple(
            one.identity(f"/identities/{position}") for position, one in enumerate(data.identities)
        ),
        decisions=_decisions(data.consents, now),
    )
    return await _changed(request, command, status=201)


@get("/v1/customers", opt={"scope": "customers:read"})
async def list_customers(tx: Tx, limit: Limit = 50, cursor: Cursor = None) -> Page[CustomerView]:
    """List customers whatever their status, the latest first."""
    found = await customers.list_customers(tx, before=id_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=customer_view, key=lambda one: one.id)


@post("/v1/customers/searches", opt={"scope": "customers:read"}, status_code=200)
async def search_customers(
    request: HttpRequest[Any, Any, Any], data: JSONBody[CustomerSearchRequest]
) -> Page[CustomerView]:
    """Find active customers by an identity, or by their family name; writes nothing."""
    if data.identity is not None and data.name is None:
        wanted: customers.Identity | str = data.identity.identity("/identity")
    elif data.name is not None and data.identity is None:
        wanted = data.name
    else:
        raise Invalid.at("/identity", "Name an identity, or else a name")
    process: Process = request.app.state.process
    after = id_cursor(data.cursor)
    async with process.database.transaction(snapshot=True) as tx:
        found = await customers.search_customers(tx, wanted, after=after, limit=data.limit + 1)
    return page(found, limit=data.limit, view=customer_view, key=lambda one: one.id)


@get("/v1/customers/{customer_id:uuid}", opt={"scope": "customers:read"})
async def get_customer(tx: Tx, customer_id: FromPath[UUID]) -> Response[CustomerView]:
    """Return a customer, as it stands, also where it was merged into another one."""
    return tagged(customer_view(await customers.find_customer(tx, customer_id)))


@patch("/v1/customers/{customer_id:uuid}", opt={"scope": "customers:write"})
async def change_customer(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[CustomerChangeRequest],
    if_match: IfMatch = None,
) -> Response[CustomerView]:
    """Change a customer's profile."""
    born, addresses = data.birth_date, data.addresses
    command = customers.ChangeCustomer(
        actor_id=request.user.id,
        channel=request.user.channel,
        customer_id=customer_id,
        expected_version=expected_version(if_match),
        change=customers.ProfileChange(
            given_name=data.given_name,
            family_name=data.family_name,
            birth_date=_born(born, clock.now()) if isinstance(born, date) else born,
            locale=data.locale,
            customer_groups=data.customer_groups,
            addresses=addresses if isinstance(addresses, UnsetType) else _addresses(addresses),
        ),
    )
    return tagged(customer_view(await request.app.state.process.edit_customer(command)))


@post(
    "/v1/customers/{customer_id:uuid}/identities",
    opt={"scope": "customers:write"},
    status_code=201,
)
async def add_identity(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[IdentityRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerView]:
    """Know a customer by one thing more, by which nobody else is known."""
    command = customers.AddIdentity(
        key=key(idempotency_key, request.user, request.url.path, data),
        actor_id=request.user.id,
        channel=request.user.channel,
        customer_id=customer_id,
        identity=data.identity(),
    )
    return await _changed(request, command, status=201)


@post(
    "/v1/customers/{customer_id:uuid}/identity-removals",
    opt={"scope": "customers:write"},
    status_code=200,
)
async def remove_identity(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[IdentityRemovalRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerView]:
    """Know a customer by something no longer; somebody else may be known by it from now on."""
    command = customers.RemoveIdentity(
        key=key(idempotency_key, request.user, request.url.path, data),
        actor_id=request.user.id,
        channel=request.user.channel,
        customer_id=customer_id,
        identity=data.identity(),
    )
    return await _changed(request, command, status=200)


@post(
    "/v1/customers/{customer_id:uuid}/consents",
    opt={"scope": "customers:write"},
    status_code=201,
)
async def record_consents(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[ConsentsRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerView]:
    """Record what a customer decided; of each purpose the latest decision counts, none is lost."""
    command = customers.SetConsents(
        key=key(idempotency_key, request.user, request.url.path, data),
        actor_id=request.user.id,
        channel=request.user.channel,
        customer_id=customer_id,
        decisions=_decisions(data.consents, clock.now()),
    )
    return await _changed(request, command, status=201)


@get("/v1/customers/{customer_id:uuid}/consents", opt={"scope": "customers:read"})
async def list_consents(
    tx: Tx, customer_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[ConsentView]:
    """List all that a customer ever decided, the latest recorded first."""
    found = await customers.list_consents(
        tx, customer_id, before=id_cursor(cursor), limit=limit + 1
    )
    return page(found, limit=limit, view=consent_view, key=lambda one: one.id)


@post("/v1/customers/{customer_id:uuid}/notes", opt={"scope": "customers:write"}, status_code=201)
async def add_note(
    request: HttpRequest[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: JSONBody[NoteRequest],
    idempotency_key: KeyHeader = None,
) -> Response[CustomerView]:
    """Note something about a customer."""
    command = customers.AddNote(
        key=key(idempotency_key, request.user, request.url.path, data),
        actor_id=request.user.id,
        channel=request.user.channel,
        customer_id=customer_id,
        note_id=new_id(),
        text=data.text,
    )
    return await _changed(request, command, status=201)


@get("/v1/customers/{customer_id:uuid}/notes", opt={"scope": "customers:read"})
async def list_notes(
    tx: Tx, customer_id: FromPath[UUID], limit: Limit = 50, cursor: Cursor = None
) -> Page[NoteView]:
    """List what was noted about a customer, the latest first."""
    found = await customers.list_notes(tx, customer_id, before=id_cursor(cursor), limit=limit + 1)
    return page(found, limit=limit, view=note_view, key=lambda one: one.id)


async def _changed(
    request: HttpRequest[Any, Any, Any], command: customers.KeyedCommand, *, status: int
) -> Response[CustomerView]:
    process: Process = request.app.state.process
    return answered(await process.change_customer(command), customer_view, status=status)


def _born(given: date | None, now: datetime) -> date | None:
    if given is not None and given > now.date():
        raise Invalid.at("/birth_date", "It lies ahead")
    return given


def _addresses(given: Sequence[ShipToRequest]) -> tuple[orders.ShipTo, ...]:
    return tuple(one.address(f"/addresses/{position}") for position, one in enumerate(given))


def _decisions(given: Sequence[ConsentRequest], now: datetime) -> tuple[customers.Decision, ...]:
    return tuple(
        customers.Decision(
            id=new_id(),
            purpose=one.purpose,
            granted=one.granted,
            decided_at=moment(one.decided_at, now=now, pointer=f"/consents/{position}/decided_at"),
            source=one.source,
        )
        for position, one in enumerate(given)
    )


def customer_view(customer: customers.Customer) -> CustomerView:
    """Return a customer as the wire shows it."""
    profile = customer.profile
    return CustomerView(
        id=customer.id,
        version=customer.version,
        status=customer.status,
        merged_into=customer.merged_into,
        given_name=profile.given_name,
        family_name=profile.family_name,
        birth_date=profile.birth_date,
        locale=profile.locale,
        customer_groups=profile.customer_groups,
        addresses=profile.addresses,
        identities=[
            IdentityView(
                kind=one.kind, value=one.value, issuer=one.issuer or None, added_at=one.added_at
            )
            for one in customer.identities
        ],
        consents=[consent_view(one) for one in customer.consents],
        channel=customer.channel,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def consent_view(consent: customers.Consent) -> ConsentView:
    """Return a decision as the wire shows it."""
    return ConsentView(
        id=consent.id,
        purpose=consent.purpose,
        granted=consent.granted,
        decided_at=consent.decided_at,
        recorded_at=consent.recorded_at,
        channel=consent.channel,
        actor_id=consent.actor_id,
        source=consent.source,
    )


def note_view(note: customers.Note) -> NoteView:
    """Return a note as the wire shows it."""
    return NoteView(
        id=note.id,
        text=note.text,
        noted_at=note.noted_at,
        actor_id=note.actor_id,
        channel=note.channel,
    )


HANDLERS = [
    create_customer,
    list_customers,
    search_customers,
    get_customer,
    change_customer,
    add_identity,
    remove_identity,
    record_consents,
    list_consents,
    add_note,
    list_notes,
]
