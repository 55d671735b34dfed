"""What is not of one domain: health, the audit, imports, and pages that explain problems."""

import io
from typing import Any

from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from omniretail import audit as books
from omniretail import clock, imports, pricing
from omniretail.api.auth import require
from omniretail.api.keyed import KeyHeader, answered, key
from omniretail.api.problems import status
from omniretail.api.process import Tx
from omniretail.api.wire import View
from omniretail.errors import Missing, subclasses
from omniretail.ids import new_id


class UnknownProblem(Missing):
    """There is no such problem type."""


class Health(View, frozen=True, kw_only=True):
    """The process answers."""

    status: str = "ok"


class FindingView(View, frozen=True, kw_only=True):
    """What one check of the audit found; `notes` are worth knowing, and no exceptions."""

    check: str
    truth: str
    holds: bool
    exceptions: int
    examples: list[str]
    notes: list[str]


class AuditView(View, frozen=True, kw_only=True):
    """The audit of the books: true when every check holds."""

    holds: bool
    findings: list[FindingView]


class RefusedRow(View, frozen=True, kw_only=True):
    """A row of a file that was not taken; `field` is the column at fault, if one is."""

    line: int
    code: str
    field: str | None
    detail: str


class ImportView(View, frozen=True, kw_only=True):
    """How many rows of a file were taken, and which were not."""

    taken: int
    refused: list[RefusedRow]


@get("/healthz", opt={"public": True})
async def healthz() -> Health:
    """Tell that the process answers."""
    return Health()


@get("/readyz", opt={"public": True})
async def readyz(tx: Tx) -> Health:
    """Tell that the database answers too."""
    await tx.fetch("select 1")
    return Health()


@get("/v1/audit", opt={"scope": "audit:read"})
async def audit(request: HttpRequest[Any, Any, Any]) -> AuditView:
    """Prove the books, on one snapshot."""
    async with request.app.state.process.database.transaction(snapshot=True) as tx:
        findings = await books.audit(tx, now=clock.now())
    return AuditView(
        holds=all(finding.holds for finding in findings),
        findings=[
            FindingView(
                check=finding.check,
                truth=finding.truth,
                holds=finding.holds,
                exceptions=finding.exceptions,
                examples=finding.examples,
                notes=finding.notes,
            )
            for finding in findings
        ],
    )


@post("/v1/imports/{kind:str}", opt={"scope": "imports:write"}, status_code=200)
async def import_file(
    request: HttpRequest[Any, Any, Any],
    kind: FromPath[imports.Kind],
    idempotency_key: KeyHeader = None,
) -> Response[ImportView]:
    """Take a CSV file (the request's body): master data, customers, prices, taxes, points, stock.

    Each row is taken or refused by itself. The key also needs the scope to write what the file is about.
    """
    require(request.user, imports.SCOPES[kind])
    body = await request.body()
    process = request.app.state.process
    async with process.database.reading() as tx:
        exponents = await pricing.exponents(tx)
    rows = imports.read(
        kind,
        io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""),
        exponents=exponents,
        now=clock.now(),
    )
    command = imports.TakeRows(
        key=key(idempotency_key, request.user, request.url.path, body),
        principal=request.user,
        kind=kind,
        rows=tuple(rows),
        document_id=new_id(),
    )
    return answered(await process.take_rows(command), _import_view, status=200)


def _import_view(taken: imports.Taken) -> ImportView:
    return ImportView(
        taken=taken.taken,
        refused=[
            RefusedRow(line=row.line, code=row.code, field=row.field, detail=row.detail)
            for row in taken.refused
        ],
    )


@get("/problems/{code:str}", opt={"public": True}, media_type=MediaType.TEXT)
async def problem(code: FromPath[str]) -> Response[str]:
    """Explain a problem type in plain text."""
    for error in subclasses():
        if error.code == code:
            text = f"{error.title()}.\n\nStatus {status(error)}. Type /problems/{code}.\n"
            return Response(text, media_type=MediaType.TEXT)
    raise UnknownProblem(f"There is no problem type {code!r}.")


HANDLERS = [healthz, readyz, audit, import_file, problem]
