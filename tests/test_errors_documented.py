"""Every error that a caller can get stands in docs/errors.md, with what to do about it."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import omniretail
from omniretail.api.problems import status
from omniretail.errors import DomainError, subclasses
from tests.callers import Retailer

_PAGE = Path(__file__).parents[1] / "docs" / "errors.md"
_RUN_BY_ALEMBIC = (".migrations.env", ".migrations.versions.")


def _every_error() -> list[type[DomainError]]:
    for module in pkgutil.walk_packages(omniretail.__path__, "omniretail."):
        if module.name.endswith("__main__") or any(name in module.name for name in _RUN_BY_ALEMBIC):
            continue
        importlib.import_module(module.name)
    return [error for error in subclasses() if error.__module__.startswith("omniretail.")]


def _sections() -> dict[str, str]:
    """The text of each section, by the code that its heading names."""
    parts = re.split(r"^### `(\w+)`", _PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


ERRORS = _every_error()
SECTIONS = _sections()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_is_documented(error: type[DomainError]) -> None:
    section = SECTIONS.get(error.code, "")
    assert section.splitlines()[:1] == [f" · {status(error)}"]
    assert re.search(r"^\*\*When\*\* \S", section, re.MULTILINE)
    assert re.search(r"^\*\*What to do\*\* \S", section, re.MULTILINE)
    assert len(section) > 100


@pytest.mark.parametrize("code", SECTIONS)
def test_what_is_documented_exists(code: str) -> None:
    assert code in {error.code for error in ERRORS}


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in ERRORS]
    assert len(codes) > 40
    assert len(set(codes)) == len(codes)


def test_sections_stand_in_the_order_of_the_alphabet() -> None:
    """So that a reader finds one without searching."""
    assert list(SECTIONS) == sorted(SECTIONS)


async def test_a_problem_type_leads_to_a_page(retailer: Retailer) -> None:
    """`type` is an address that answers, for every error there is."""
    for error in ERRORS:
        answer = await retailer.http.get(f"/problems/{error.code}")
        assert answer.status_code == 200, error.code
        assert error.title() in answer.text
        assert f"Status {status(error)}" in answer.text
