"""Approving over HTTP: what a till's key may not do alone, staff approve with their PIN.

A request that can be approved has a field `approval`, and its handler asks `approver_of`. A PIN is in
no answer, no log, and no hash of a request; `without_pin` sees to the last.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any, TypeVar

from litestar import Request as HttpRequest
from litestar import delete, get, put
from litestar.params import JSONBody
from msgspec import Meta
from msgspec.structs import replace

from omniretail import channels, clock
from omniretail.api.process import Process, Tx
from omniretail.api.wire import Code, CodeInPath, Request, View
from omniretail.errors import Forbidden
from omniretail.forms import KEY_PREFIX, PIN

Pin = Annotated[str, Meta(pattern=PIN, description="4 to 12 digits", examples=["4711"])]


class ApprovalNeeded(Forbidden):
    """Somebody who may do this has to approve it."""

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"The key lacks the scope {scope}: send the `approval` of a member of staff who has it.",
            scope=scope,
        )


class ApprovalRequest(Request, frozen=True, kw_only=True):
    """Who approves: the code of a member of staff, and their PIN."""

    staff: Code
    pin: Pin

    def __repr__(self) -> str:
        """Return what may be seen of it in a traceback or a log."""
        return f"ApprovalRequest(staff={self.staff!r})"


class ApprovableRequest(Request, frozen=True, kw_only=True):
    """A body that a member of staff may approve, where the caller's key lacks a scope for it."""

    approval: ApprovalRequest | None = None


Approvable = TypeVar("Approvable", bound=ApprovableRequest)


class StaffPinRequest(Request, frozen=True, kw_only=True):
    """A PIN, and the prefix of the staff key that it belongs to."""

    key: Annotated[str, Meta(pattern=KEY_PREFIX, examples=["omni_0123456789ab"])]
    pin: Pin

    def __repr__(self) -> str:
        """Return what may be seen of it in a traceback or a log."""
        return f"StaffPinRequest(key={self.key!r})"


class StaffPinView(View, frozen=True, kw_only=True):
    """Who has a PIN under which code, and until when it is locked after wrong tries."""

    code: str
    key: str
    name: str
    locked_until: datetime | None
    updated_at: datetime


class StaffPinList(View, frozen=True, kw_only=True):
    """Everybody who has a PIN."""

    items: list[StaffPinView]


async def approver_of(
    process: Process,
    principal: channels.Principal,
    approval: ApprovalRequest | None,
    *,
    scope: str,
    location: str,
) -> channels.Approver:
    """Return who answers for what needs a scope: the caller, or whose code and PIN came along.

    Raises: ApprovalNeeded where neither, ApprovalRefused, ApprovalLocked, ApproverNotAllowed.
    """
    if scope in principal.scopes:
        return channels.Approver(id=principal.id, name=principal.name)
    if approval is None:
        raise ApprovalNeeded(scope)
    return await process.approve(
        principal, staff=approval.staff, pin=approval.pin, scope=scope, location=location
    )


def without_pin(data: Approvable) -> Approvable:
    """Return a body without the PIN, as its idempotency key has to hash it.

    That hash is fast and is stored: by it, whoever reads the database could try every PIN.
    """
    if data.approval is None:
        return data
    return replace(data, approval=replace(data.approval, pin=""))


@put("/v1/staff-pins/{code:str}", opt={"scope": "staff:write"})
async def put_staff_pin(
    request: HttpRequest[Any, Any, Any], code: CodeInPath, data: JSONBody[StaffPinRequest]
) -> StaffPinView:
    """Give a staff key a PIN under a code, or a new PIN; wrong tries are forgotten."""
    process: Process = request.app.state.process
    pin = await asyncio.to_thread(channels.seal_pin, data.pin)
    made = await process.database.run(
        lambda tx: channels.set_pin(
            tx,
            code=code,
            prefix=data.key,
            pin=pin,
            within=request.user.locations,
            now=clock.now(),
        )
    )
    return _view(made)


@get("/v1/staff-pins", opt={"scope": "staff:write"})
async def list_staff_pins(tx: Tx, request: HttpRequest[Any, Any, Any]) -> StaffPinList:
    """List who has a PIN under which code; PINs themselves are never shown."""
    found = await channels.list_pins(tx, within=request.user.locations)
    return StaffPinList(items=[_view(one) for one in found])


@delete("/v1/staff-pins/{code:str}", opt={"scope": "staff:write"})
async def delete_staff_pin(tx: Tx, request: HttpRequest[Any, Any, Any], code: CodeInPath) -> None:
    """Take a PIN away: nobody approves under its code any more."""
    await channels.delete_pin(tx, code, within=request.user.locations)


@delete("/v1/staff-pins/{code:str}/lock", opt={"scope": "staff:write"}, status_code=200)
async def unlock_staff_pin(
    tx: Tx, request: HttpRequest[Any, Any, Any], code: CodeInPath
) -> StaffPinView:
    """Forget the wrong tries of a PIN, so that it may be tried again at once."""
    return _view(await channels.unlock_pin(tx, code, within=request.user.locations))


def _view(code: channels.StaffCode) -> StaffPinView:
    return StaffPinView(
        code=code.code,
        key=code.key,
        name=code.name,
        locked_until=code.locked_until,
        updated_at=code.updated_at,
    )


HANDLERS = [put_staff_pin, list_staff_pins, delete_staff_pin, unlock_staff_pin]
