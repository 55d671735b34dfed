"""The kinds of refusal every domain uses; each specific error lives beside its operation.

A refusal is a value while it is one outcome in a batch, and is raised once it reaches its caller.
Kinds carry no HTTP status: `api/problems.py` alone maps them. Here is no
specific error but StaleVersion, which everything that has versions shares.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    """Something was refused.

    `code` names the kind of problem to a program, the first line of the class docstring is its
    title, `detail` says what happened this time, and `fields` are the figures behind it.
    """

    code: ClassVar[str] = "domain_error"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields: Mapping[str, Any] = fields

    @classmethod
    def title(cls) -> str:
        """Return the problem's one-line title: the first line of the class docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0].rstrip(".")


class Invalid(DomainError):
    """The request is not valid.

    `errors` points at each fault: a JSON pointer into the request, and what is wrong there.
    """

    def __init__(
        self, detail: str, errors: Sequence[Mapping[str, str]] = (), **fields: Any
    ) -> None:
        super().__init__(detail, **({"errors": list(errors)} if errors else {}), **fields)

    @classmethod
    def at(cls, pointer: str, detail: str) -> "Invalid":
        """Return the error for one fault at one place of the request."""
        return cls(detail, errors=[{"pointer": pointer, "detail": detail}])


class Forbidden(DomainError):
    """This key may not do that."""


class Missing(DomainError):
    """There is no such thing, or it is not yours to see."""


class Refused(DomainError):
    """The present state of things does not allow it."""


class Stale(DomainError):
    """The document has changed since you read it."""


class StaleVersion(Stale):
    """The document has changed since you read it."""

    def __init__(self, *, code: str, expected: int, actual: int) -> None:
        super().__init__(
            f"{code} is at version {actual}, not {expected}.",
            expected_version=expected,
            version=actual,
        )


class KeyReused(DomainError):
    """This Idempotency-Key was used before, for another request."""


class Unavailable(DomainError):
    """The service cannot answer just now; the same request may be sent again."""


def subclasses(kind: type[DomainError] = DomainError) -> list[type[DomainError]]:
    """Return every error class below `kind`, itself left out, sorted by code."""
    found: list[type[DomainError]] = []
    for child in kind.__subclasses__():
        found += [child, *subclasses(child)]
    return sorted(set(found), key=lambda error: error.code)
